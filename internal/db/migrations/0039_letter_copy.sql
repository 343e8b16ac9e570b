-- +goose Up
-- What its reader can read of a letter afterwards: sealed, and without the links and codes that were in it. NULL while it waits, and of
-- letters that were sent before this; '' where it was erased or is not to be kept.
ALTER TABLE letter ADD COLUMN copy TEXT;
