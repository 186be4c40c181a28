-- A change of address: asked for, confirmed from the new address, undone from the old one.
CREATE TABLE email_changes (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    old_email TEXT NOT NULL,
    new_email TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    undone_at BIGINT
);

CREATE INDEX email_changes_user ON email_changes (user_id);
CREATE INDEX email_changes_expiry ON email_changes (expires_at);

-- Its owner has closed the account: from this moment on it may be deleted for good.
ALTER TABLE users ADD COLUMN deletes_at BIGINT;

CREATE INDEX users_deletion ON users (deletes_at);
