-- Numbers that a person can be reached at by SMS. One without verified_at waits for its code; an account has one of each at
-- most. They are profile data, as addresses are.
CREATE TABLE phones (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    number TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    verified_at BIGINT,
    last_used_at BIGINT
);

CREATE UNIQUE INDEX phones_verified ON phones (user_id) WHERE verified_at IS NOT NULL;
CREATE UNIQUE INDEX phones_pending ON phones (user_id) WHERE verified_at IS NULL;

-- Messages, as `outbox` keeps mails. What they count for, so that nobody can be flooded and no bill runs up: a keyed digest of
-- the number, the account, and the calling code.
CREATE TABLE sms_outbox (
    id UUID PRIMARY KEY,
    state TEXT NOT NULL,
    sealed BYTEA,
    number_digest TEXT NOT NULL,
    user_id UUID REFERENCES users (id) ON DELETE SET NULL,
    country TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    next_attempt_at BIGINT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    sent_at BIGINT
);

CREATE INDEX sms_outbox_due ON sms_outbox (state, next_attempt_at);
CREATE INDEX sms_outbox_number ON sms_outbox (number_digest, created_at);
CREATE INDEX sms_outbox_user ON sms_outbox (user_id, created_at);
CREATE INDEX sms_outbox_country ON sms_outbox (country, created_at);
CREATE INDEX sms_outbox_seal ON sms_outbox (substr(sealed, 1, 5), id);
