-- Raised by whatever ends all sessions of an account: a sign-in that was under way meanwhile proved too little.
ALTER TABLE users ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
