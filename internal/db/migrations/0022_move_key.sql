-- +goose Up
-- Movements that a service named, so that one whose answer was lost can be sent again and is booked once.
CREATE TABLE move_key (
    account TEXT NOT NULL REFERENCES account (id),
    once    TEXT NOT NULL, -- the service's own name of the movement
    path    TEXT NOT NULL,
    amount  BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (account, once)
);
CREATE INDEX move_key_at ON move_key (at);
