-- +goose Up
-- The limited session in which the holder said what a mark says; empty where staff did.
ALTER TABLE investigate_mark ADD COLUMN said_in TEXT NOT NULL DEFAULT '';
