-- A passkey of an account that somebody else was in, where it is the only second factor: it must not sign in by itself until it
-- has come second to what only the owner has.
ALTER TABLE passkeys ADD COLUMN second_only BOOLEAN NOT NULL DEFAULT FALSE;
