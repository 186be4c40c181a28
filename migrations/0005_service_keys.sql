-- Keys of services that stand beside this one. A key is shown once and kept as its hash.
CREATE TABLE service_keys (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    key_hash BYTEA NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
);

CREATE INDEX sessions_revoked ON sessions (revoked_at);
