-- +goose Up
-- What a browser was asked to do with a passkey and has not answered. The challenge itself is not kept, only its hash.
CREATE TABLE passkey_ceremony (
    hash       TEXT PRIMARY KEY,
    purpose    TEXT NOT NULL,
    account    TEXT NOT NULL,   -- '' while nobody knows whose passkey it will be
    epoch      BIGINT NOT NULL, -- of the account when it was begun; 0 without one
    bound_to   TEXT NOT NULL,   -- the session, first step or case that it is part of
    device     TEXT NOT NULL,
    body       TEXT NOT NULL,   -- what must be known to check the answer, as JSON
    expires_at BIGINT NOT NULL
);
CREATE INDEX passkey_ceremony_expiry ON passkey_ceremony (expires_at);
