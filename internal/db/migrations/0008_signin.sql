-- +goose Up
-- A registration that waits for its address to be confirmed. The password is hashed already.
CREATE TABLE registration (
    id          TEXT PRIMARY KEY,
    account     TEXT NOT NULL, -- the id the account will have: a secret's id is made with it
    address     TEXT NOT NULL,
    address_key TEXT NOT NULL,
    name        TEXT NOT NULL,
    language    TEXT NOT NULL,
    secret_id   TEXT NOT NULL,
    stored      TEXT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX registration_expiry ON registration (expires_at);

-- A sign-in whose password was right and that waits for the second factor.
CREATE TABLE second_step (
    token_hash TEXT PRIMARY KEY,
    account    TEXT NOT NULL REFERENCES account (id),
    epoch      BIGINT NOT NULL,
    version    TEXT NOT NULL,  -- of the password that was right
    device     TEXT NOT NULL,
    tries      BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX second_step_expiry ON second_step (expires_at);

-- A change that was asked for and has not happened: a new address nobody confirmed yet, or a
-- change that a guarded account holds back. It counts only in the epoch it was asked in.
CREATE TABLE pending_change (
    id           TEXT PRIMARY KEY,
    account      TEXT NOT NULL REFERENCES account (id),
    epoch        BIGINT NOT NULL,
    path         TEXT NOT NULL,
    verb         TEXT NOT NULL,
    value        TEXT,
    actor        TEXT NOT NULL,  -- who asked, as JSON: the change is entered as that session's
    asked_at     BIGINT NOT NULL,
    confirmed_at BIGINT,         -- of an address: when somebody proved to receive there
    due_at       BIGINT,         -- NULL: as soon as it is confirmed
    UNIQUE (account, path)
);

-- A secret that was made and waits for its first code.
CREATE TABLE enrolment (
    account    TEXT NOT NULL REFERENCES account (id),
    session    TEXT NOT NULL,
    seed       TEXT NOT NULL,   -- sealed
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (account, session)
);

-- That a strong factor was presented in a session, and which version of it.
CREATE TABLE strong_proof (
    session TEXT NOT NULL,
    path    TEXT NOT NULL,
    version TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES account (id),
    at      BIGINT NOT NULL,
    PRIMARY KEY (session, path)
);

-- When a session was last shown a sensitive value, so that the history is not flooded by one reader.
CREATE TABLE shown (
    session TEXT NOT NULL,
    path    TEXT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (session, path)
);

-- Picture puzzles that may still be answered. Neither puzzle nor answer is kept, only their hash.
CREATE TABLE puzzle (
    hash       TEXT PRIMARY KEY,
    answer     TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX puzzle_expiry ON puzzle (expires_at);
