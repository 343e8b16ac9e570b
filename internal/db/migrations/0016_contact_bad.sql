-- +goose Up
ALTER TABLE contact ADD COLUMN bad_at BIGINT; -- when a case found it to be the intruder's; it is told nothing and good for nothing from then on
