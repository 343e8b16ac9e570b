-- +goose Up
-- What many accounts stand in and one row fences. Its epochs are of the same sequence as theirs.
CREATE TABLE scope (
    id    TEXT PRIMARY KEY, -- '' is the installation, in which every account stands
    epoch BIGINT NOT NULL,  -- of its last fence or reopening
    held  BOOLEAN NOT NULL
);
INSERT INTO scope (id, epoch, held) VALUES ('', 0, FALSE);

CREATE TABLE scope_member (
    account TEXT NOT NULL REFERENCES account (id),
    scope   TEXT NOT NULL REFERENCES scope (id),
    PRIMARY KEY (account, scope)
);
CREATE INDEX scope_member_scope ON scope_member (scope, account);

-- The epoch in which something was last decided about the account alone. epoch is brought up to its scopes' when it is written to.
ALTER TABLE account ADD COLUMN turned BIGINT NOT NULL DEFAULT 0;
UPDATE account SET turned = epoch;
