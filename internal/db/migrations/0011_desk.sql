-- +goose Up
-- The people who answer.
CREATE TABLE staff (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    email      TEXT NOT NULL,
    email_key  TEXT NOT NULL UNIQUE,
    role       TEXT NOT NULL,
    state      TEXT NOT NULL, -- invited, active, disabled
    version    BIGINT NOT NULL, -- whatever carries this person's authority carries it: with the next one all of it is over
    password   TEXT NOT NULL, -- PHC string; '' until it was set
    totp       TEXT NOT NULL, -- sealed seed
    totp_step  BIGINT NOT NULL, -- the last step that was used: a code opens one door once
    invite     TEXT NOT NULL, -- hash of the link that makes or renews the account; '' if none
    created_at BIGINT NOT NULL,
    made_by    TEXT NOT NULL
);

CREATE TABLE staff_session (
    id         TEXT PRIMARY KEY,
    staff      TEXT NOT NULL REFERENCES staff (id),
    token_hash TEXT NOT NULL UNIQUE,
    version    BIGINT NOT NULL, -- good only while it is the staff's own
    opened_at  BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at   BIGINT,
    ip         TEXT NOT NULL,
    user_agent TEXT NOT NULL
);
CREATE INDEX staff_session_staff ON staff_session (staff);

-- Tries that are rationed: signing in, naming an account.
CREATE TABLE desk_try (
    id  TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    at  BIGINT NOT NULL
);
CREATE INDEX desk_try_key ON desk_try (key, at);

-- Who answers now.
CREATE TABLE duty (
    staff TEXT PRIMARY KEY REFERENCES staff (id),
    state TEXT NOT NULL, -- on, break, off
    since BIGINT NOT NULL
);

-- A grant to look at the account of a case: left before anything was shown, for minutes, in one session.
CREATE TABLE look (
    id       TEXT PRIMARY KEY,
    staff    TEXT NOT NULL REFERENCES staff (id),
    session  TEXT NOT NULL,
    case_id  TEXT NOT NULL REFERENCES case_file (id),
    account  TEXT NOT NULL, -- '' while the case names none
    epoch    BIGINT NOT NULL,
    reason   TEXT NOT NULL,
    at       BIGINT NOT NULL,
    until_at BIGINT NOT NULL
);
CREATE INDEX look_grant ON look (session, case_id, until_at);
CREATE INDEX look_at ON look (at);

-- A field that was shown in clear.
CREATE TABLE unmask (
    id       TEXT PRIMARY KEY,
    staff    TEXT NOT NULL REFERENCES staff (id),
    session  TEXT NOT NULL,
    case_id  TEXT NOT NULL REFERENCES case_file (id),
    account  TEXT NOT NULL,
    path     TEXT NOT NULL,
    at       BIGINT NOT NULL,
    until_at BIGINT NOT NULL
);
CREATE INDEX unmask_staff ON unmask (staff, at);

-- A supervisor lets somebody see more than the quota.
CREATE TABLE quota_lift (
    id       TEXT PRIMARY KEY,
    staff    TEXT NOT NULL REFERENCES staff (id),
    made_by  TEXT NOT NULL,
    at       BIGINT NOT NULL
);
CREATE INDEX quota_lift_staff ON quota_lift (staff, at);
