-- Where to go on from the link of a sign-up's mail, in the browser that signed up.
ALTER TABLE pending_sign_ups ADD COLUMN redirect_to TEXT;
