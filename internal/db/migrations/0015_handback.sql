-- +goose Up
-- An account that went back to its holder, and the letter that said so.
CREATE TABLE hand_back (
    case_id  TEXT PRIMARY KEY REFERENCES case_file (id),
    account  TEXT NOT NULL REFERENCES account (id),
    at       BIGINT NOT NULL,
    actor    TEXT NOT NULL,
    number   TEXT NOT NULL, -- of the letter
    epoch    BIGINT NOT NULL,
    until_at BIGINT NOT NULL, -- the end of the watch
    over_at  BIGINT           -- when it ended
);
