-- +goose Up
-- The file that joins a report to its hand-back.
CREATE TABLE case_file (
    id          TEXT PRIMARY KEY,
    account     TEXT NOT NULL, -- '' while nobody knows which account is meant
    step        TEXT NOT NULL,
    source      TEXT NOT NULL, -- not-me, contact, desk, api, phishing
    language    TEXT NOT NULL,
    story       TEXT NOT NULL, -- what happened, in the person's words
    notice      TEXT NOT NULL, -- number of the notice whose link was used
    reported_seq BIGINT NOT NULL, -- the change that notice was about; 0 if none
    opened_at   BIGINT NOT NULL,
    moved_at    BIGINT NOT NULL,
    closed_at   BIGINT,
    assigned    TEXT NOT NULL, -- id of staff; '' if nobody yet
    revision    BIGINT NOT NULL
);
CREATE INDEX case_open ON case_file (opened_at) WHERE closed_at IS NULL;
-- One case at a time for an account: a second report joins the first.
CREATE UNIQUE INDEX case_account ON case_file (account) WHERE closed_at IS NULL AND account <> '';

-- Every freeze looks at the former cases of its account.
CREATE INDEX case_of_account ON case_file (account, opened_at);
CREATE INDEX case_newest ON case_file (opened_at);

-- Everything that happened in a case, for people to read.
CREATE TABLE case_entry (
    id      TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_file (id),
    no      BIGINT NOT NULL, -- revision of the case that it made
    at      BIGINT NOT NULL,
    role    TEXT NOT NULL,
    actor   TEXT NOT NULL,
    what    TEXT NOT NULL, -- a code, translated by the pages: "step.frozen", "note", "mark"
    text    TEXT NOT NULL  -- words of a person, or details as JSON
);
CREATE UNIQUE INDEX case_entry_case ON case_entry (case_id, no);
