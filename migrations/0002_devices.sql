-- Browsers that an account was used in. The cookie's token is kept as its hash; each account has its own.
CREATE TABLE devices (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash BYTEA NOT NULL UNIQUE,
    name TEXT,
    user_agent TEXT,
    client_hints TEXT,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL
);

CREATE INDEX devices_user ON devices (user_id);
CREATE INDEX devices_seen ON devices (last_seen_at);

ALTER TABLE sessions ADD COLUMN device_id UUID REFERENCES devices (id) ON DELETE SET NULL;
ALTER TABLE sessions ADD COLUMN client_hints TEXT;

CREATE INDEX sessions_device ON sessions (device_id);
