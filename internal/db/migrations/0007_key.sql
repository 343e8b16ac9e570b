-- +goose Up
-- Keys of the protected service. Only a hash is kept.
CREATE TABLE api_key (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    hash       TEXT NOT NULL UNIQUE,
    made_at    BIGINT NOT NULL,
    revoked_at BIGINT
);
