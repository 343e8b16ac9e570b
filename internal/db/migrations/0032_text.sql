-- +goose Up
-- Codes by text message that left the house or wait to leave it.
CREATE TABLE text_message (
    id          TEXT PRIMARY KEY, -- also the key under which a gateway sends it once
    account     TEXT NOT NULL,
    case_id     TEXT NOT NULL,
    purpose     TEXT NOT NULL,
    number_hash TEXT NOT NULL,    -- keyed: by it texts to one number are counted
    masked      TEXT NOT NULL,
    queued_at   BIGINT NOT NULL,
    until_at    BIGINT NOT NULL,  -- when its code ends
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'refused', 'late')),
    tries       BIGINT NOT NULL,
    fault       TEXT NOT NULL,    -- what the gateway said last; staff only
    done_at     BIGINT,
    sealed      TEXT              -- number and words; erased once it is done
);
CREATE INDEX text_message_number ON text_message (number_hash, queued_at);
CREATE INDEX text_message_account ON text_message (account, queued_at, id);
