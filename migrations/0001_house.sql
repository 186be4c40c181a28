-- Types are PostgreSQL's; the runner writes SQLite's in their place and makes every table STRICT.
-- Moments are microseconds since 1970-01-01T00:00:00Z.

CREATE TABLE users (
    id UUID PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    email_verified BOOLEAN NOT NULL DEFAULT FALSE,
    username TEXT,
    username_key TEXT UNIQUE,
    given_name TEXT,
    family_name TEXT,
    picture TEXT,
    locale TEXT,
    password_hash TEXT,
    password_changed_at BIGINT,
    disabled_at BIGINT,
    last_sign_in_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE roles (
    name TEXT PRIMARY KEY,
    description TEXT NOT NULL,
    built_in BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE TABLE permissions (
    name TEXT PRIMARY KEY,
    description TEXT NOT NULL
);

CREATE TABLE role_permissions (
    role TEXT NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
    permission TEXT NOT NULL REFERENCES permissions (name) ON DELETE CASCADE,
    PRIMARY KEY (role, permission)
);

CREATE TABLE user_roles (
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, role)
);

CREATE INDEX user_roles_role ON user_roles (role);

INSERT INTO roles (name, description, built_in) VALUES
    ('admin', 'May do everything in this installation', TRUE),
    ('user', 'Every account has it', TRUE);

INSERT INTO permissions (name, description) VALUES
    ('users:read', 'See accounts and their sessions'),
    ('users:write', 'Create, change and disable accounts'),
    ('roles:write', 'Grant and revoke roles'),
    ('keys:write', 'Rotate signing keys'),
    ('audit:read', 'Read the audit log');

INSERT INTO role_permissions (role, permission) VALUES
    ('admin', 'users:read'),
    ('admin', 'users:write'),
    ('admin', 'roles:write'),
    ('admin', 'keys:write'),
    ('admin', 'audit:read');

-- state: next (published, not yet signing), current, retired (published until its last token has run out).
CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY,
    alg TEXT NOT NULL,
    state TEXT NOT NULL,
    public_jwk TEXT NOT NULL,
    sealed_private BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    activated_at BIGINT,
    retired_at BIGINT
);

-- Tokens are derived from the sealed secret and the generation; neither a token nor its hash is kept.
CREATE TABLE sessions (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    sealed_secret BYTEA NOT NULL,
    generation BIGINT NOT NULL,
    -- When the latest generations were rotated, oldest first, and when lost answers were given again.
    rotations TEXT NOT NULL,
    retries TEXT NOT NULL,
    amr TEXT NOT NULL,
    acr TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    remember BOOLEAN NOT NULL,
    user_agent TEXT,
    ip TEXT,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    absolute_expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    revoked_reason TEXT
);

CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- A sign-up that waits for its confirmation. It reserves neither the address nor the username.
CREATE TABLE pending_sign_ups (
    id UUID PRIMARY KEY,
    flow_hash BYTEA NOT NULL UNIQUE,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    username TEXT,
    given_name TEXT,
    family_name TEXT,
    password_hash TEXT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE INDEX pending_sign_ups_email ON pending_sign_ups (email_key);
CREATE INDEX pending_sign_ups_expiry ON pending_sign_ups (expires_at);

-- What a mail carries: a link, and for some purposes a code that ends sooner. Either is used once.
CREATE TABLE single_use_secrets (
    id UUID PRIMARY KEY,
    purpose TEXT NOT NULL,
    subject UUID NOT NULL,
    link_hash BYTEA NOT NULL UNIQUE,
    code_mac BYTEA,
    code_expires_at BIGINT,
    code_tries BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE INDEX single_use_secrets_subject ON single_use_secrets (subject, purpose);
CREATE INDEX single_use_secrets_expiry ON single_use_secrets (expires_at);

CREATE TABLE code_failures (
    id UUID PRIMARY KEY,
    account_key TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX code_failures_account ON code_failures (account_key, created_at);
CREATE INDEX code_failures_time ON code_failures (created_at);

-- state: queued, sent, failed, void. A void row stands where an unknown address gets no mail, so that both cost the same.
CREATE TABLE outbox (
    id UUID PRIMARY KEY,
    state TEXT NOT NULL,
    template TEXT NOT NULL,
    sealed BYTEA,
    attempts BIGINT NOT NULL DEFAULT 0,
    next_attempt_at BIGINT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    sent_at BIGINT
);

CREATE INDEX outbox_due ON outbox (state, next_attempt_at);

-- Development only: mails that were caught instead of sent.
CREATE TABLE caught_mails (
    id UUID PRIMARY KEY,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

-- position and mac are filled in when the events are put in order and sealed.
CREATE TABLE audit_events (
    id UUID PRIMARY KEY,
    created_at BIGINT NOT NULL,
    type TEXT NOT NULL,
    outcome TEXT NOT NULL,
    actor_id UUID,
    user_id UUID,
    session_id UUID,
    ip TEXT,
    user_agent TEXT,
    request_id TEXT,
    detail TEXT,
    position BIGINT UNIQUE,
    mac BYTEA
);

CREATE INDEX audit_events_user ON audit_events (user_id, created_at);
CREATE INDEX audit_events_time ON audit_events (created_at);

-- What every node must hear: endings and changes, never refreshes.
CREATE TABLE changes (
    id UUID PRIMARY KEY,
    kind TEXT NOT NULL,
    subject UUID,
    created_at BIGINT NOT NULL
);

CREATE INDEX changes_time ON changes (created_at);
