-- +goose Up
-- Accounts of a campaign that one scope holds: those it was drafted for, and whoever came later.
CREATE TABLE campaign_wave (
    campaign TEXT NOT NULL REFERENCES campaign (id),
    no       BIGINT NOT NULL, -- 0 is what it was drafted for
    scope    TEXT NOT NULL REFERENCES scope (id),
    round    BIGINT NOT NULL, -- how many leads lie between it and what it was drafted for
    kind     TEXT NOT NULL,   -- what its accounts have in common
    value    TEXT NOT NULL,
    from_at  BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    walked   TEXT NOT NULL,   -- the account up to which they were looked at, by id
    done     BOOLEAN NOT NULL, -- all were
    PRIMARY KEY (campaign, no)
);
-- Whoever opens a session is looked up here.
CREATE INDEX campaign_wave_key ON campaign_wave (kind, value);
INSERT INTO campaign_wave (campaign, no, scope, round, kind, value, from_at, until_at, walked, done)
    SELECT id, 0, id, 0, kind, value, from_at, until_at, walked, step <> 'held' FROM campaign WHERE confirmed_at IS NOT NULL;
ALTER TABLE campaign DROP COLUMN walked;

-- What the intruder used in accounts of a campaign and nobody else did: it may lead to more.
CREATE TABLE campaign_lead (
    campaign TEXT NOT NULL REFERENCES campaign (id),
    kind     TEXT NOT NULL,
    value    TEXT NOT NULL,
    round    BIGINT NOT NULL,
    seen     BIGINT NOT NULL, -- accounts of the campaign that it was found in
    more     BIGINT NOT NULL, -- accounts that it leads to and that are not held
    state    TEXT NOT NULL,   -- new, nowhere, proposed, followed, left
    PRIMARY KEY (campaign, kind, value)
);
CREATE INDEX campaign_lead_state ON campaign_lead (campaign, state);
