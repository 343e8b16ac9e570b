-- +goose Up
-- A session gets a new token whenever its holder proves who he is again. The
-- former one counts for a moment more, for what was sent with it at the same time.
ALTER TABLE session ADD COLUMN token_at BIGINT;
ALTER TABLE session ADD COLUMN former_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN former_until BIGINT;
CREATE INDEX session_former ON session (former_hash) WHERE former_hash <> '';
