-- +goose Up
-- How sure the investigator was, in percent; below 95 what follows from the mark is asked about and not undone.
ALTER TABLE investigate_mark ADD COLUMN percent BIGINT NOT NULL DEFAULT 100;
