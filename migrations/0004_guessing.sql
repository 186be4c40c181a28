-- How often a proof was tried in vain: by account, by what stands for an unknown one, by known device. key is a digest.
CREATE TABLE failed_attempts (
    key TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    -- Attempts under way, not yet known to be right or wrong.
    undecided BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL
);

CREATE INDEX failed_attempts_age ON failed_attempts (last_at);

-- Proof-of-work challenges that were solved, so that each is used once.
CREATE TABLE solved_challenges (
    id UUID PRIMARY KEY,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE INDEX solved_challenges_expiry ON solved_challenges (expires_at);
