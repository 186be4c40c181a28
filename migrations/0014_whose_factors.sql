-- The session, or the sign-in under way, that began a set-up: nobody else is shown it or finishes it.
ALTER TABLE totp ADD COLUMN begun_by UUID;

-- Since when sign-ins ask for a second factor, whichever: one that was added later was added by somebody who proved an earlier
-- one. A short while without any does not end it, so until when stands beside it.
ALTER TABLE users ADD COLUMN mfa_since BIGINT;
ALTER TABLE users ADD COLUMN mfa_until BIGINT;

-- Until when the address that a change took away can take it back.
ALTER TABLE email_changes ADD COLUMN undo_until BIGINT;

-- A message to a number that nobody has verified yet: counted apart, since anybody can claim a number.
ALTER TABLE sms_outbox ADD COLUMN claims BOOLEAN NOT NULL DEFAULT FALSE;
