-- +goose Up
-- A service that has people sign in here.
CREATE TABLE client (
    id         TEXT PRIMARY KEY, -- the operator's word for it: "shop"
    name       TEXT NOT NULL,    -- what people call it
    secret     TEXT NOT NULL,    -- hash; '' for one that can keep none
    redirects  TEXT NOT NULL,    -- JSON: where people may be sent back to, exactly
    leaves     TEXT NOT NULL,    -- JSON: where they may be sent after signing out
    hangup     TEXT NOT NULL,    -- where it is told that a session is over; ''
    trusted    BOOLEAN NOT NULL, -- the operator's own: the holder is not asked
    made_at    BIGINT NOT NULL,
    revoked_at BIGINT
);

-- What a client holds of one sign-in: a code at first, then a session that comes out of the browser's.
CREATE TABLE pass (
    id         TEXT PRIMARY KEY,
    client     TEXT NOT NULL REFERENCES client (id),
    account    TEXT NOT NULL REFERENCES account (id),
    epoch      BIGINT NOT NULL,
    parent     TEXT NOT NULL,        -- the browser's session
    session    TEXT NOT NULL,        -- the one that comes out of it; '' until the code was exchanged
    code_hash  TEXT NOT NULL UNIQUE,
    code_until BIGINT NOT NULL,
    redirect   TEXT NOT NULL,
    challenge  TEXT NOT NULL,
    nonce      TEXT NOT NULL,
    scope      TEXT NOT NULL,        -- what was allowed
    now_scope  TEXT NOT NULL,        -- what the present access token is for
    amr        TEXT NOT NULL,        -- how the holder had signed in
    acr        TEXT NOT NULL,
    auth_at    BIGINT NOT NULL,      -- when
    until      BIGINT NOT NULL,      -- the end of the browser's session
    device     TEXT NOT NULL,
    ip         TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    begun_at   BIGINT NOT NULL,
    told_at    BIGINT                -- when the client was told that it is over
);
CREATE INDEX pass_session ON pass (session);
CREATE INDEX pass_account ON pass (account, begun_at);

-- Refresh tokens. Used ones stay as long as their pass: one that comes again was stolen.
CREATE TABLE pass_refresh (
    hash    TEXT PRIMARY KEY,
    pass    TEXT NOT NULL REFERENCES pass (id),
    made_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX pass_refresh_pass ON pass_refresh (pass);

-- What ID tokens are signed with.
CREATE TABLE signing_key (
    id      TEXT PRIMARY KEY,
    sealed  TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    from_at BIGINT NOT NULL -- when it begins to sign; it is published before
);
