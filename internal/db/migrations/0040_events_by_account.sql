-- +goose Up
-- Each event that is told has a random page of each index to itself: one that finds it by its name is enough,
-- and the account's own need be found fast only where more was done than let be.
DROP INDEX risk_event_source;
DROP INDEX risk_event_account;
CREATE UNIQUE INDEX risk_event_name ON risk_event (account, source, event);
CREATE INDEX risk_event_account ON risk_event (account, at) WHERE action <> 'let';
