-- +goose Up
-- What was erased at the holder's wish does not come back, whatever a plan would put back.
ALTER TABLE change ADD COLUMN erased BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE pending_change ADD COLUMN erased BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE restore_plan ADD COLUMN erased TEXT NOT NULL DEFAULT 'null'; -- paths that stay empty for that, as JSON
