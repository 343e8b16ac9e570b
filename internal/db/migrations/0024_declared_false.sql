-- +goose Up
-- Cases of which somebody has said that there was no intruder. It holds until something is marked anew.
CREATE TABLE restore_false (
    case_id TEXT PRIMARY KEY REFERENCES case_file (id),
    marks   BIGINT NOT NULL, -- the newest mark then
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    name    TEXT NOT NULL
);
