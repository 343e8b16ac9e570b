-- +goose Up
-- The lane beside the plan: orders of the intruder that were called back because their deadline would not wait for it.
CREATE TABLE restore_loss (
    id       TEXT PRIMARY KEY, -- the idempotency key of the call
    case_id  TEXT NOT NULL REFERENCES case_file (id),
    path     TEXT NOT NULL,
    pre      TEXT NOT NULL,
    want     TEXT NOT NULL,
    because  TEXT NOT NULL,    -- path of evidence, as JSON
    until_at BIGINT NOT NULL,  -- the deadline
    state    TEXT NOT NULL,    -- as in restore_step
    at       BIGINT,
    seen     TEXT,
    note     TEXT NOT NULL
);
CREATE INDEX restore_loss_case ON restore_loss (case_id, until_at);
