-- +goose Up
-- Which accounts saw a client: its device, or the network it came from (/24, or /64 in IPv6).
ALTER TABLE segment ADD COLUMN network TEXT NOT NULL DEFAULT '';
UPDATE segment SET network = CASE WHEN ip <> '' AND rtrim(ip, '0123456789.') = '' THEN rtrim(ip, '0123456789') || '0/24' ELSE ip END;
CREATE INDEX segment_device ON segment (device, at) WHERE device <> '';
CREATE INDEX segment_network ON segment (network, at) WHERE network <> '';
-- Which accounts an agent acted in. What holders do does not enter it.
CREATE INDEX change_staff ON change (actor, at) WHERE role IN ('agent', 'investigator', 'supervisor');
CREATE INDEX look_case ON look (case_id, staff);

-- Accounts that one thing happened to, held together. The scope of its accounts has its id.
CREATE TABLE campaign (
    id             TEXT PRIMARY KEY,
    step           TEXT NOT NULL,
    kind           TEXT NOT NULL, -- device, contact, agent, network
    value          TEXT NOT NULL,
    from_at        BIGINT NOT NULL,
    until_at       BIGINT NOT NULL,
    reason         TEXT NOT NULL,
    accounts       BIGINT NOT NULL, -- as counted when it was drafted, and when it was confirmed
    made_at        BIGINT NOT NULL,
    made_by        TEXT NOT NULL,
    made_name      TEXT NOT NULL,
    confirmed_at   BIGINT,
    confirmed_by   TEXT NOT NULL,
    confirmed_name TEXT NOT NULL,
    opened_at      BIGINT,
    opened_name    TEXT NOT NULL,
    walked         TEXT NOT NULL,  -- the account up to which they were looked at, by id
    turn           BIGINT NOT NULL -- the piece of work that is next
);
CREATE INDEX campaign_made ON campaign (made_at);

-- What became of an account of a campaign.
CREATE TABLE campaign_account (
    campaign TEXT NOT NULL REFERENCES campaign (id),
    account  TEXT NOT NULL REFERENCES account (id),
    state    TEXT NOT NULL,
    case_id  TEXT NOT NULL, -- '' if nothing was found
    shape    TEXT NOT NULL,
    plan     TEXT NOT NULL, -- hash of the plan that has the shape
    deadline BIGINT,        -- when the first of what can be stopped can be stopped no longer
    pilot    BOOLEAN NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (campaign, account)
);
CREATE INDEX campaign_account_state ON campaign_account (campaign, state, shape);

-- A shape of plans, and why it was stopped.
CREATE TABLE campaign_shape (
    campaign TEXT NOT NULL REFERENCES campaign (id),
    shape    TEXT NOT NULL, -- hash of its lines
    lines    TEXT NOT NULL,
    open     BOOLEAN NOT NULL, -- it asks people, and is no matter for many at once
    stopped  TEXT NOT NULL, -- '' while it was not; pilot, rest
    PRIMARY KEY (campaign, shape)
);

-- That somebody takes responsibility for so many accounts of a shape.
CREATE TABLE campaign_approval (
    id       TEXT PRIMARY KEY,
    campaign TEXT NOT NULL REFERENCES campaign (id),
    shape    TEXT NOT NULL,
    at       BIGINT NOT NULL,
    actor    TEXT NOT NULL,
    name     TEXT NOT NULL,
    accounts BIGINT NOT NULL
);
CREATE INDEX campaign_approval_actor ON campaign_approval (actor, at);
CREATE INDEX campaign_approval_shape ON campaign_approval (campaign, shape, at);
