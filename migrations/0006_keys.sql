-- Which master keys sealed new values, and since when: the one that was adopted last does now.
CREATE TABLE master_keys (
    key_id BYTEA PRIMARY KEY,
    adopted_at BIGINT NOT NULL
);

-- The first bytes of a seal name its key. A rotation goes through the values of one key in the order of their rows.
CREATE INDEX sessions_seal ON sessions (substr(sealed_secret, 1, 5), id);
CREATE INDEX outbox_seal ON outbox (substr(sealed, 1, 5), id);
