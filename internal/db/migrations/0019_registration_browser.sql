-- +goose Up
-- The browser that registered, as a hash: only there the button of the letter suffices. Anywhere else the password is
-- asked for, so that nobody confirms a password that a stranger chose for his address.
ALTER TABLE registration ADD COLUMN browser TEXT NOT NULL DEFAULT '';
