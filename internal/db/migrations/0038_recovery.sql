-- +goose Up
-- Somebody who lost his second factor wants back into his account.
CREATE TABLE recovery (
    id         TEXT PRIMARY KEY,
    account    TEXT NOT NULL REFERENCES account (id),
    epoch      BIGINT NOT NULL, -- it ends with it: whoever stops the account stops this, too
    slot       TEXT NOT NULL,   -- of the contact that he came by
    version    TEXT NOT NULL,
    address    TEXT NOT NULL,
    factors    TEXT NOT NULL,   -- what was presented, as JSON
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'ready', 'done', 'stopped')),
    asked_at   BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,
    stopped_at BIGINT
);
CREATE INDEX recovery_account ON recovery (account, asked_at);
