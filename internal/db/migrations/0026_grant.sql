-- +goose Up
-- By which grant somebody else acted for the holder, and the change that had set it; empty and 0 if nobody did.
ALTER TABLE change ADD COLUMN granted_by TEXT NOT NULL DEFAULT '';
ALTER TABLE change ADD COLUMN granted_seq BIGINT NOT NULL DEFAULT 0;
