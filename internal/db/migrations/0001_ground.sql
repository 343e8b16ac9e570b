-- +goose Up
-- What belongs to the installation: its keys (sealed by the operator's secret) and the one sequence of epochs.
CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- One increasing sequence gives every epoch of the installation, so that an account's, a cohort's and a tenant's can be compared.
CREATE TABLE epoch_sequence (
    id    BIGINT PRIMARY KEY CHECK (id = 1),
    value BIGINT NOT NULL
);
INSERT INTO epoch_sequence (id, value) VALUES (1, 1);

-- Durable work, queued in the transaction that causes it.
CREATE TABLE job (
    id          TEXT PRIMARY KEY,
    no          BIGINT NOT NULL, -- the order in which they were queued
    kind        TEXT NOT NULL,
    key         TEXT NOT NULL, -- jobs of one key run one at a time, in the order of no; '' has no order
    args        TEXT NOT NULL,
    queued_at   BIGINT NOT NULL,
    run_at      BIGINT NOT NULL,
    attempt     BIGINT NOT NULL,
    lease       TEXT NOT NULL, -- who runs it now; '' if nobody
    lease_until BIGINT,
    last_error  TEXT NOT NULL,
    dead_at     BIGINT        -- given up; staff see it and may try again
);
CREATE INDEX job_due ON job (run_at) WHERE dead_at IS NULL;
CREATE INDEX job_key ON job (key, no) WHERE dead_at IS NULL;

-- One-time links and codes: only the hash of the token is kept.
CREATE TABLE link (
    hash       TEXT PRIMARY KEY,
    purpose    TEXT NOT NULL,
    account    TEXT NOT NULL,
    epoch      BIGINT NOT NULL,
    data       TEXT NOT NULL,
    made_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT,
    void_at    BIGINT
);
CREATE INDEX link_account ON link (account, purpose);
