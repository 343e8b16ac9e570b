-- +goose Up
-- How an account is used: places and clients as hashes with counts (package risk gives the bytes).
CREATE TABLE risk_profile (
    account TEXT PRIMARY KEY REFERENCES account (id),
    at      BIGINT NOT NULL, -- of the latest event in it
    body    BYTEA NOT NULL
);

-- What was decided. Of what happened here only what was more than let be; of events from outside every one,
-- so that the same one again gets the same answer.
CREATE TABLE risk_event (
    id         TEXT PRIMARY KEY,
    source     TEXT NOT NULL, -- key of the service that told it; '' for what happened here
    event      TEXT NOT NULL, -- the service's own id of it; the number of the change
    account    TEXT NOT NULL, -- '' for a name that is nobody's
    at         BIGINT NOT NULL, -- when it happened
    taken_at   BIGINT NOT NULL, -- when we heard of it
    kind       TEXT NOT NULL,
    session    TEXT NOT NULL,
    body       TEXT NOT NULL, -- the event as JSON
    scored     BOOLEAN NOT NULL,
    score      BIGINT NOT NULL, -- log-odds in thousandths
    carried    BIGINT NOT NULL, -- the same of the session it is in
    action     TEXT NOT NULL, -- what was decided
    acted      BOOLEAN NOT NULL, -- false: in shadow
    reasons    TEXT NOT NULL, -- JSON
    rules      TEXT NOT NULL, -- names of the operator's rules that fired, apart by spaces
    outcome    TEXT NOT NULL, -- '' while nobody said; confirmed, false
    outcome_at BIGINT
);
CREATE UNIQUE INDEX risk_event_source ON risk_event (source, account, event);
CREATE INDEX risk_event_account ON risk_event (account, at);
CREATE INDEX risk_event_action ON risk_event (taken_at) WHERE action <> 'let';

-- What the program must not forget between two starts, by name: counters, scores of late, when it began.
CREATE TABLE risk_memory (
    name TEXT PRIMARY KEY,
    at   BIGINT NOT NULL,
    body BYTEA NOT NULL
);

-- The second step of a sign-in may be a code that was mailed, instead of the authenticator's.
ALTER TABLE second_step ADD COLUMN mailed BOOLEAN NOT NULL DEFAULT FALSE;

-- How many events of a kind had which answer, by day.
CREATE TABLE risk_tally (
    day    BIGINT NOT NULL, -- days since 1970, UTC
    kind   TEXT NOT NULL,
    action TEXT NOT NULL,
    acted  BOOLEAN NOT NULL,
    count  BIGINT NOT NULL,
    PRIMARY KEY (day, kind, action, acted)
);
