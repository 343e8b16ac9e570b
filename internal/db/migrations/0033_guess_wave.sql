-- +goose Up
-- Sign-ins that failed, by minute: in all ('' as the source), by network and by what the client calls itself.
CREATE TABLE failed_minute (
    minute BIGINT NOT NULL, -- since 1970
    source TEXT NOT NULL,
    tries  BIGINT NOT NULL,
    names  BIGINT NOT NULL, -- different ones; of several processes each counts for itself
    PRIMARY KEY (minute, source)
);

-- Waves of guessing: when they began and ended, and how high they went within a few minutes.
CREATE TABLE guess_wave (
    source   TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    high_at  BIGINT NOT NULL, -- when it was last more than usual
    ended_at BIGINT,
    tries    BIGINT NOT NULL,
    names    BIGINT NOT NULL,
    PRIMARY KEY (source, began_at)
);
CREATE UNIQUE INDEX guess_wave_open ON guess_wave (source) WHERE ended_at IS NULL;
