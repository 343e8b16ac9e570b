-- +goose Up
-- A plan and how far it was carried out. A new plan takes the place of the one before, approvals and all.
CREATE TABLE restore_plan (
    id            TEXT PRIMARY KEY,
    case_id       TEXT NOT NULL REFERENCES case_file (id),
    account       TEXT NOT NULL REFERENCES account (id),
    hash          TEXT NOT NULL,   -- over account, epoch, head and steps: what is approved
    epoch         BIGINT NOT NULL, -- of the account when it was made
    head          BIGINT NOT NULL, -- the newest change that it has seen
    marks         BIGINT NOT NULL, -- the newest mark of the investigators that it has seen
    made_at       BIGINT NOT NULL,
    made_by       TEXT NOT NULL,   -- id of staff
    made_name     TEXT NOT NULL,
    barred        TEXT NOT NULL,   -- ids of staff whose own acts it undoes, as JSON
    questions     TEXT NOT NULL,   -- all of them, as JSON
    held          TEXT NOT NULL,   -- contact slots that stay empty, as JSON
    enrol         TEXT NOT NULL,   -- secret slots to be enrolled again, as JSON
    superseded_at BIGINT,
    started_at    BIGINT,
    run_epoch     BIGINT NOT NULL, -- the epoch under which it is carried out; 0 before
    lease         BIGINT NOT NULL, -- grows with every worker that takes it up
    killed_at     BIGINT,          -- every way in that carries authority was proved dead
    done_at       BIGINT
);
CREATE UNIQUE INDEX restore_plan_present ON restore_plan (case_id) WHERE superseded_at IS NULL;

-- The journal: a row is written before the call that it tells of.
CREATE TABLE restore_step (
    plan    TEXT NOT NULL REFERENCES restore_plan (id),
    no      BIGINT NOT NULL,
    id      TEXT NOT NULL, -- the idempotency key of the call
    op      TEXT NOT NULL,
    path    TEXT NOT NULL,
    phase   BIGINT NOT NULL,
    pre     TEXT,
    want    TEXT,
    amount  BIGINT NOT NULL,
    version TEXT NOT NULL,
    because TEXT NOT NULL,
    state   TEXT NOT NULL, -- pending, intent, applied, verified, conflict, manual, skipped
    at      BIGINT,        -- when it entered its state
    lease   BIGINT NOT NULL,
    seen    TEXT,          -- what was read back
    note    TEXT NOT NULL, -- why it is in conflict, or what the last try met
    PRIMARY KEY (plan, no)
);

CREATE TABLE restore_approval (
    plan TEXT NOT NULL REFERENCES restore_plan (id),
    hash TEXT NOT NULL,
    at   BIGINT NOT NULL,
    actor TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (plan, actor)
);

-- What people answered. The newest answer to a question counts.
CREATE TABLE restore_answer (
    id      TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_file (id),
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    why     TEXT NOT NULL,
    path    TEXT NOT NULL,
    seq     BIGINT NOT NULL, -- the change that raised it: a later one asks anew
    answer  TEXT NOT NULL   -- keep, proposal or leave
);
CREATE INDEX restore_answer_case ON restore_answer (case_id, id);

-- Cards that pay for nothing until their holder has entered them again.
CREATE TABLE card_check (
    account TEXT NOT NULL REFERENCES account (id),
    path    TEXT NOT NULL,
    since   BIGINT NOT NULL,
    PRIMARY KEY (account, path)
);

-- Calls that our own facts have carried out: the same key is the same act.
CREATE TABLE connector_key (
    key     TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    seq     BIGINT NOT NULL, -- the change that it became
    at      BIGINT NOT NULL
);

-- The highest fence that was seen: whoever comes with a lower one has lost his turn.
CREATE TABLE connector_fence (
    account TEXT PRIMARY KEY,
    epoch   BIGINT NOT NULL,
    lease   BIGINT NOT NULL
);
