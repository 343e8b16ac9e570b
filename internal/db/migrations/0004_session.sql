-- +goose Up
-- A signed-in client. The token is nowhere; ended sessions stay readable for the case.
CREATE TABLE session (
    id         TEXT PRIMARY KEY,
    account    TEXT NOT NULL REFERENCES account (id),
    token_hash TEXT NOT NULL UNIQUE,
    epoch      BIGINT NOT NULL, -- valid only while it is the account's
    limited    BOOLEAN NOT NULL,
    verb       TEXT NOT NULL,   -- open, recover or derive
    parent     TEXT NOT NULL,
    opened_seq BIGINT NOT NULL,
    opened_at  BIGINT NOT NULL,
    proved_at  BIGINT NOT NULL, -- when the password was last presented in it
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    segment    BIGINT NOT NULL, -- the present one, from 1
    device     TEXT NOT NULL,
    ip         TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    ended_at   BIGINT,
    ended_why  TEXT NOT NULL
);
CREATE INDEX session_account ON session (account, opened_seq);

-- A stretch of a session used from one client.
CREATE TABLE segment (
    session    TEXT NOT NULL REFERENCES session (id),
    no         BIGINT NOT NULL,
    from_seq   BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    device     TEXT NOT NULL,
    ip         TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    PRIMARY KEY (session, no)
);

-- A client that an account was used from, known by a cookie of its own.
CREATE TABLE device (
    account    TEXT NOT NULL REFERENCES account (id),
    id         TEXT NOT NULL,
    first_at   BIGINT NOT NULL,
    last_at    BIGINT NOT NULL,
    user_agent TEXT NOT NULL,
    PRIMARY KEY (account, id)
);
