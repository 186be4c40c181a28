-- Personal details stand apart from the others, so that they can be erased. salt and personal_digest are filled in when
-- the event is sealed; an erased event has lost its salt.
ALTER TABLE audit_events ADD COLUMN personal TEXT;
ALTER TABLE audit_events ADD COLUMN salt BYTEA;
ALTER TABLE audit_events ADD COLUMN personal_digest BYTEA;

CREATE INDEX audit_events_unsealed ON audit_events (id) WHERE position IS NULL;

-- Ids are made in the order of time: they are what lists are ordered by.
DROP INDEX audit_events_user;
DROP INDEX audit_events_time;
CREATE INDEX audit_events_user ON audit_events (user_id, id);
CREATE INDEX audit_events_type ON audit_events (type, id);

-- One row: the chain's sealed key, its end, who seals, and the last link that was deleted for its age.
CREATE TABLE audit_chain (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    sealed_key BYTEA NOT NULL,
    position BIGINT NOT NULL,
    mac BYTEA NOT NULL,
    holder UUID,
    held_until BIGINT NOT NULL,
    anchor_position BIGINT NOT NULL,
    anchor_mac BYTEA NOT NULL,
    anchor_proof BYTEA NOT NULL
);

-- The chain's end as it was signed, minute by minute; jws says the same, signed.
CREATE TABLE audit_heads (
    position BIGINT PRIMARY KEY,
    mac BYTEA NOT NULL,
    signed_at BIGINT NOT NULL,
    jws TEXT NOT NULL
);

-- The public halves of the keys that signed heads, kept for good: a copy of a head is older than any signing key.
CREATE TABLE audit_head_keys (
    kid TEXT PRIMARY KEY,
    public_jwk TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
