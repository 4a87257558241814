-- Read models of the scheduler; `thaman_scheduler.rebuild` makes them again from the events.

CREATE TABLE installation (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    settings_version int NOT NULL,
    settings jsonb NOT NULL,
    stopped boolean NOT NULL
);

CREATE TABLE schedules (
    store_id text PRIMARY KEY,
    frequency_hours int NOT NULL,
    blocks text[] NOT NULL,
    tokens_at timestamptz NOT NULL,
    started_at timestamptz NOT NULL
);

-- One row per store and running job. `after` is the job's memory: no slot at or before it is filled any more.
-- `fires_at` only says when to look next. A claim keeps other replicas away while one of them fills the slot.
CREATE TABLE due (
    store_id text NOT NULL,
    job text NOT NULL,
    rank smallint NOT NULL,
    after timestamptz NOT NULL,
    fires_at timestamptz NOT NULL,
    patience interval NOT NULL,
    active boolean NOT NULL,
    claim uuid,
    claimed_until timestamptz,
    PRIMARY KEY (store_id, job)
) WITH (fillfactor = 80);
CREATE INDEX due_next ON due (fires_at, rank) WHERE active;
