-- Whether sign-ins ask for a second factor, kept in step with the factors in the unit of work that changes them.
ALTER TABLE users ADD COLUMN mfa_enabled BOOLEAN NOT NULL DEFAULT FALSE;
-- Its owner wants to be asked for a passkey after the password, without having another second factor.
ALTER TABLE users ADD COLUMN passkey_second BOOLEAN NOT NULL DEFAULT FALSE;
-- The next sign-in sets up a second factor: those that there were have been removed.
ALTER TABLE users ADD COLUMN must_enrol BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN password_reset_at BIGINT;

-- Until then a sign-in on this device is not asked for the second factor, unless all sessions were ended meanwhile.
ALTER TABLE devices ADD COLUMN trusted_until BIGINT;
ALTER TABLE devices ADD COLUMN trusted_epoch BIGINT;

-- One that is confirmed counts; beside it one may be under way, to take its place.
CREATE TABLE totp (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    confirmed BOOLEAN NOT NULL,
    sealed_secret BYTEA NOT NULL,
    -- The newest time step that a code was taken of: neither it nor an earlier one is taken again.
    last_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    UNIQUE (user_id, confirmed)
);

-- The codes are kept as MACs under a key of the account's own, which is sealed.
CREATE TABLE backup_code_sets (
    user_id UUID PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    sealed_key BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

-- They never run out; single-use things have an end.
CREATE TABLE backup_codes (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES backup_code_sets (user_id) ON DELETE CASCADE,
    mac BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE INDEX backup_codes_user ON backup_codes (user_id);

-- A sign-in whose first factor is proved and whose second is due, or has to be set up first.
CREATE TABLE pending_sign_ins (
    id UUID PRIMARY KEY,
    token_hash BYTEA NOT NULL UNIQUE,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    method TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    remember BOOLEAN NOT NULL,
    enrols BOOLEAN NOT NULL,
    tries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE INDEX pending_sign_ins_user ON pending_sign_ins (user_id);
CREATE INDEX pending_sign_ins_expiry ON pending_sign_ins (expires_at);
