-- +goose Up
-- What contacts were told of. The letters themselves are with the mail; what reached nobody is there too.
CREATE TABLE notice (
    number  TEXT PRIMARY KEY,  -- stands on the letters, one for all addresses
    account TEXT NOT NULL,
    seq     BIGINT NOT NULL,   -- the change it tells of
    event   TEXT NOT NULL,
    path    TEXT NOT NULL,
    at      BIGINT NOT NULL,
    letters BIGINT NOT NULL,   -- how many addresses were written to
    untold  TEXT NOT NULL      -- slots of contacts that could not be written to, by space: telephones
);
CREATE INDEX notice_account ON notice (account, seq);
