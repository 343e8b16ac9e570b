-- +goose Up
-- Who let whom in at the desk: two people of whom one let the other in not long ago are no two pairs of eyes.
CREATE TABLE staff_letting (
    id     TEXT PRIMARY KEY,
    staff  TEXT NOT NULL REFERENCES staff (id),
    let_by TEXT NOT NULL, -- id of staff; '' for whoever runs the program
    how    TEXT NOT NULL, -- invited, renewed, appointed, began
    at     BIGINT NOT NULL
);
CREATE INDEX staff_letting_at ON staff_letting (at);
CREATE INDEX staff_letting_staff ON staff_letting (staff, at);
