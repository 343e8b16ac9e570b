-- +goose Up
-- Orders that wait until the case says what becomes of them. They are held, not lost.
CREATE TABLE order_hold (
    account     TEXT NOT NULL,
    path        TEXT NOT NULL,
    case_id     TEXT NOT NULL,
    at          BIGINT NOT NULL,
    released_at BIGINT,
    PRIMARY KEY (account, path, case_id)
);
CREATE INDEX order_hold_open ON order_hold (account) WHERE released_at IS NULL;
