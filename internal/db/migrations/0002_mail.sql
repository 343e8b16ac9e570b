-- +goose Up
-- Letters that left the house or wait to leave it. What a letter is never changes; only its way does (state, tries, fault).
CREATE TABLE letter (
    id         TEXT PRIMARY KEY,
    account    TEXT NOT NULL,   -- '' for a letter to somebody without one
    case_id    TEXT NOT NULL,
    kind       TEXT NOT NULL,
    language   TEXT NOT NULL,
    number     TEXT NOT NULL,   -- notice number; one number may stand on the same notice to several addresses
    address    TEXT NOT NULL,   -- as given
    mailbox    TEXT NOT NULL,   -- the address in its normal form, by which Check compares
    subject    TEXT NOT NULL,
    message_id TEXT NOT NULL,
    queued_at  BIGINT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'undeliverable')),
    aside      BOOLEAN NOT NULL, -- its mailbox does not take letters now: it waits in a line of its own, so that the others go
    tries      BIGINT NOT NULL,
    fault      TEXT NOT NULL,    -- what the mail server said last; staff only
    done_at    BIGINT,
    fixed      BOOLEAN NOT NULL, -- raw is the letter as it travels, signed where letters are; before, it is a draft
    raw        TEXT              -- the letter as it travels, sealed; erased once it is sent, for it holds links
);
CREATE UNIQUE INDEX letter_number ON letter (number, mailbox);
CREATE INDEX letter_account ON letter (account, queued_at, id);
CREATE INDEX letter_case ON letter (case_id) WHERE case_id <> '';
CREATE INDEX letter_aside ON letter (mailbox) WHERE aside AND state = 'waiting';
CREATE INDEX letter_undeliverable ON letter (done_at) WHERE state = 'undeliverable';
