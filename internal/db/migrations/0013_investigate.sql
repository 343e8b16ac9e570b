-- +goose Up
-- What investigators said about the history of an account, in order. A mark is taken back by another one.
CREATE TABLE investigate_mark (
    case_id TEXT NOT NULL REFERENCES case_file (id),
    no      BIGINT NOT NULL, -- from 1; who marks names the one he saw last
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,   -- id of staff
    name    TEXT NOT NULL,   -- what people call that person
    verdict TEXT NOT NULL,   -- intruder, holder, or undecided: as if it had never been marked
    session TEXT NOT NULL,   -- one of session, change, version and agent is what is marked
    from_seq BIGINT NOT NULL, -- of a session: from this change on; 0 for the whole
    change  BIGINT NOT NULL,
    slot    TEXT NOT NULL,   -- of a version
    version TEXT NOT NULL,
    agent   TEXT NOT NULL,
    reason  TEXT NOT NULL,   -- in the person's words
    PRIMARY KEY (case_id, no)
);
