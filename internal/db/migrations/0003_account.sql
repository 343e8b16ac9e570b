-- +goose Up
CREATE TABLE account (
    id            TEXT PRIMARY KEY,
    state         TEXT NOT NULL,
    epoch         BIGINT NOT NULL,
    head_seq      BIGINT NOT NULL,
    head_hash     TEXT NOT NULL,
    language      TEXT NOT NULL,
    created_at    BIGINT NOT NULL,
    guarded_until BIGINT
);

-- What is true now. Never a secret.
CREATE TABLE fact (
    account TEXT NOT NULL REFERENCES account (id),
    path    TEXT NOT NULL,
    value   TEXT NOT NULL,
    seq     BIGINT NOT NULL,
    since   BIGINT NOT NULL,
    PRIMARY KEY (account, path)
);

-- Every version of every contact: notice and recovery go by what was held.
CREATE TABLE contact (
    account      TEXT NOT NULL REFERENCES account (id),
    slot         TEXT NOT NULL,
    version      TEXT NOT NULL,
    address      TEXT NOT NULL,
    address_key  TEXT NOT NULL, -- normal form, for equality
    set_seq      BIGINT NOT NULL,
    from_at      BIGINT NOT NULL,
    until_at     BIGINT,
    confirmed_at BIGINT,
    PRIMARY KEY (account, slot, set_seq)
);
CREATE INDEX contact_key ON contact (address_key, slot);
-- An address signs in to one account.
CREATE UNIQUE INDEX contact_login ON contact (address_key) WHERE slot = 'email' AND until_at IS NULL;

-- Every version of every secret. stored is a hash, a sealed seed or a public key.
CREATE TABLE secret (
    account   TEXT NOT NULL REFERENCES account (id),
    slot      TEXT NOT NULL,
    version   TEXT NOT NULL,
    secret_id TEXT NOT NULL,
    stored    TEXT NOT NULL,
    set_seq   BIGINT NOT NULL,
    from_at   BIGINT NOT NULL,
    until_at  BIGINT,
    PRIMARY KEY (account, slot, set_seq)
);

CREATE TABLE change (
    account   TEXT NOT NULL REFERENCES account (id),
    seq       BIGINT NOT NULL,
    epoch     BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    verb      TEXT NOT NULL,
    path      TEXT NOT NULL,
    part      TEXT NOT NULL,
    session   TEXT NOT NULL,
    segment   BIGINT NOT NULL,
    role      TEXT NOT NULL,
    actor     TEXT NOT NULL,
    client    TEXT NOT NULL,
    factors   TEXT NOT NULL,
    before    TEXT,
    after     TEXT,
    total     BOOLEAN NOT NULL,
    base      BIGINT NOT NULL,
    reads     TEXT NOT NULL,
    version   TEXT NOT NULL,
    secret_id TEXT NOT NULL,
    amount    BIGINT NOT NULL,
    parent    TEXT NOT NULL,
    device    TEXT NOT NULL,
    case_id   TEXT NOT NULL,
    request   TEXT NOT NULL,
    hash      TEXT NOT NULL,
    commitment TEXT NOT NULL,
    nonce     TEXT NOT NULL,
    PRIMARY KEY (account, seq)
);
CREATE INDEX change_session ON change (session) WHERE session <> '';
