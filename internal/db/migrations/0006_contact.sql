-- +goose Up
-- Somebody who speaks in a case. Two people may report about one account, and one of them may be the intruder:
-- each sees only what is said to him.
CREATE TABLE reporter (
    id         TEXT PRIMARY KEY,
    case_id    TEXT NOT NULL REFERENCES case_file (id),
    at         BIGINT NOT NULL,
    source     TEXT NOT NULL, -- not-me, contact
    language   TEXT NOT NULL,
    login      TEXT NOT NULL, -- the sign-in name he says he has; as typed
    claims     TEXT NOT NULL, -- the account that name belongs to; staff only, it is no proof
    via        TEXT NOT NULL, -- version of the contact whose letter brought him; '' if none did
    address    TEXT NOT NULL, -- where he wants an answer; as typed
    proved_at  BIGINT         -- when the desk was sure that he is the holder
);
CREATE INDEX reporter_case ON reporter (case_id, id);
CREATE UNIQUE INDEX reporter_via ON reporter (case_id, via) WHERE via <> '';
CREATE INDEX reporter_claims ON reporter (claims) WHERE claims <> '';

-- A wish to be called, and what became of it.
CREATE TABLE callback (
    id           TEXT PRIMARY KEY,
    case_id      TEXT NOT NULL REFERENCES case_file (id),
    reporter     TEXT NOT NULL,
    phone        TEXT NOT NULL, -- as given; staff only. It proves nothing
    best         TEXT NOT NULL, -- now, a time, or free words
    requested_at BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    taken_by     TEXT NOT NULL,
    taken_at     BIGINT,
    done_at      BIGINT,
    outcome      TEXT NOT NULL
);
CREATE INDEX callback_open ON callback (due_at) WHERE done_at IS NULL;
CREATE INDEX callback_case ON callback (case_id, id);
CREATE INDEX callback_done ON callback (done_at) WHERE done_at IS NOT NULL;

-- What is said in a case, to and from one reporter.
CREATE TABLE case_message (
    id       TEXT PRIMARY KEY,
    case_id  TEXT NOT NULL REFERENCES case_file (id),
    reporter TEXT NOT NULL,
    at       BIGINT NOT NULL,
    sender   TEXT NOT NULL, -- holder, staff, stranger
    actor    TEXT NOT NULL,
    text     TEXT NOT NULL
);
CREATE INDEX case_message_case ON case_message (case_id, id);

-- Letters and pages that people think are not from us.
CREATE TABLE phishing (
    id      TEXT PRIMARY KEY,
    case_id TEXT NOT NULL,
    at      BIGINT NOT NULL,
    text    TEXT NOT NULL,
    letter  BYTEA,         -- as uploaded; shown to staff as text only
    sender  TEXT NOT NULL, -- account of the holder who sent it in; '' for a stranger
    seen_at BIGINT,
    seen_by TEXT NOT NULL
);
CREATE INDEX phishing_open ON phishing (at) WHERE seen_at IS NULL;

-- How often somebody knocked at a public door lately. The key is a keyed hash: it names nobody.
CREATE TABLE knock (
    door    TEXT NOT NULL,
    key     TEXT NOT NULL,
    until_at BIGINT NOT NULL, -- when the count begins anew
    n       BIGINT NOT NULL,
    PRIMARY KEY (door, key)
);
CREATE INDEX knock_until ON knock (until_at);
