-- The session, or the sign-in under way, that began a set-up: nobody else is shown it or finishes it.
ALTER TABLE totp ADD COLUMN begun_by UUID;
