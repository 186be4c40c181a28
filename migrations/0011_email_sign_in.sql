-- A sign-in by mail that waits for its link or its code, bound to the browser that asked for it. An address without an
-- account has a row too, so that both cost the same.
CREATE TABLE email_sign_ins (
    id UUID PRIMARY KEY,
    flow_hash BYTEA NOT NULL UNIQUE,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    user_id UUID REFERENCES users (id) ON DELETE CASCADE,
    -- The account's when the mail was asked for: what ended its sessions since then ends this as well.
    epoch BIGINT NOT NULL,
    remember BOOLEAN NOT NULL,
    redirect_to TEXT,
    user_agent TEXT,
    client_hints TEXT,
    ip TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE INDEX email_sign_ins_user ON email_sign_ins (user_id);
CREATE INDEX email_sign_ins_expiry ON email_sign_ins (expires_at);
