-- Waits until it is ready; then a mail brings the link that completes it. The used ones are completed or cancelled.
CREATE TABLE recoveries (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    asked_at BIGINT NOT NULL,
    ready_at BIGINT NOT NULL,
    -- Mails that went out: 1 at the start, 2 in the middle, 3 at the end.
    mails BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE INDEX recoveries_user ON recoveries (user_id);
CREATE INDEX recoveries_waiting ON recoveries (used_at, mails, ready_at);
