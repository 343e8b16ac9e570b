-- +goose Up
-- What was answered at a gate counts once: picture puzzles carry their own answer, sealed, and proofs of work their challenge,
-- signed, so nothing is kept before. Only hashes, until they would be too old to count.
CREATE TABLE spent (
    hash       TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX spent_expiry ON spent (expires_at);
DROP TABLE puzzle;
