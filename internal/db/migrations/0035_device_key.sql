-- +goose Up
-- A device that keeps a key of its own is known by it, and no longer by its cookie alone.
ALTER TABLE device ADD COLUMN public_key TEXT NOT NULL DEFAULT '';
-- When its holder took a device off the list; a revoked one never counts as known again.
ALTER TABLE device ADD COLUMN revoked_at BIGINT;
-- Challenges that were answered by the key of a device, until they expire. What strangers answer is not kept.
CREATE TABLE device_proof (
    hash       TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX device_proof_expiry ON device_proof (expires_at);
-- The key that the first step of a sign-in proved, for its second step.
ALTER TABLE second_step ADD COLUMN device_key TEXT NOT NULL DEFAULT '';
