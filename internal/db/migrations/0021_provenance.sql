-- +goose Up
-- What of its provenance a change does not say (names apart by spaces); found by the index, which is empty where nothing is missing.
ALTER TABLE change ADD COLUMN lacks TEXT NOT NULL DEFAULT '';
CREATE INDEX change_lacks ON change (verb, lacks) WHERE lacks <> '';
