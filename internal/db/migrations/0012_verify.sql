-- +goose Up
-- Evidence for somebody being the holder, and failed tries at it. What it is worth is decided when it is read: what
-- turns out to be the intruder's later takes the worth of a proof away.
CREATE TABLE proof (
    id       TEXT PRIMARY KEY,
    case_id  TEXT NOT NULL REFERENCES case_file (id),
    reporter TEXT NOT NULL,    -- who brought it; '' if that is not known
    method   TEXT NOT NULL,    -- email-code, call-back, saved-code, question
    path     TEXT NOT NULL,    -- the slot it came from, or the question
    version  TEXT NOT NULL,    -- of the contact or secret; '' for a question
    set_seq  BIGINT NOT NULL,  -- the change that had set that version
    good     BOOLEAN NOT NULL, -- false: tried and failed
    visible  BOOLEAN NOT NULL, -- somebody inside the account could have known it
    at       BIGINT NOT NULL,
    role     TEXT NOT NULL,
    actor    TEXT NOT NULL,
    until_at BIGINT NOT NULL   -- no longer fresh from then on
);
CREATE INDEX proof_case ON proof (case_id, id);
-- A question is put once to each person: who may try again may guess.
CREATE UNIQUE INDEX proof_question ON proof (case_id, reporter, path) WHERE method = 'question';

-- A code on its way to a contact. The code itself is nowhere but in the letter.
CREATE TABLE code_request (
    id         TEXT PRIMARY KEY,
    case_id    TEXT NOT NULL REFERENCES case_file (id),
    reporter   TEXT NOT NULL, -- for whom; '' for whoever speaks in the case
    slot       TEXT NOT NULL,
    version    TEXT NOT NULL,
    set_seq    BIGINT NOT NULL,
    masked     TEXT NOT NULL,
    made_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    tries      BIGINT NOT NULL,
    ended      TEXT NOT NULL  -- '' while it counts; used, spent (too many tries), replaced
);
CREATE INDEX code_request_case ON code_request (case_id, id);

-- The exception for accounts that have no second method: one asks, another one agrees, both in writing.
CREATE TABLE waiver (
    id           TEXT PRIMARY KEY,
    case_id      TEXT NOT NULL REFERENCES case_file (id),
    asked_by     TEXT NOT NULL,
    asked_at     BIGINT NOT NULL,
    reason       TEXT NOT NULL,
    agreed_by    TEXT NOT NULL, -- '' while nobody has
    agreed_at    BIGINT,
    agreed_words TEXT NOT NULL,
    refused      BOOLEAN NOT NULL
);
CREATE INDEX waiver_case ON waiver (case_id, id);

-- A second person says the account is his while the case is open. Until a second member of staff has looked, nobody is verified.
CREATE TABLE second_claim (
    id         TEXT PRIMARY KEY,
    case_id    TEXT NOT NULL REFERENCES case_file (id),
    marked_by  TEXT NOT NULL,
    marked_at  BIGINT NOT NULL,
    words      TEXT NOT NULL,
    settled_by TEXT NOT NULL, -- '' while open
    settled_at BIGINT,
    finding    TEXT NOT NULL
);
CREATE UNIQUE INDEX second_claim_open ON second_claim (case_id) WHERE settled_by = '';
