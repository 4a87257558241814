-- Tables that every service has: jobs, dead letters, parked stores, API keys.

CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue text NOT NULL,
    key text NOT NULL,
    store_id text NOT NULL,
    payload jsonb NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'dead', 'dropped')),
    priority int NOT NULL DEFAULT 0,
    attempts int NOT NULL DEFAULT 0,
    run_at timestamptz NOT NULL,
    lease uuid,
    leased_until timestamptz,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (queue, key),
    CHECK ((state = 'running') = (lease IS NOT NULL))
);
CREATE INDEX jobs_waiting ON jobs (queue, priority, run_at, id) WHERE state = 'waiting';
-- One running job per queue and store is a rule, not a hope: two claimers that race cannot both win.
CREATE UNIQUE INDEX jobs_one_running ON jobs (queue, store_id) WHERE state = 'running';

CREATE TABLE dead_letters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    upstream text NOT NULL,
    position bigint NOT NULL,
    store_id text NOT NULL,
    event_id text,
    event_type text,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('parked', 'waiting', 'retried', 'dropped')),
    reason text NOT NULL,
    attempts int NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (upstream, position)
);
CREATE INDEX dead_letters_open ON dead_letters (store_id, upstream, position) WHERE state IN ('parked', 'waiting');

CREATE TABLE parked_stores (
    upstream text NOT NULL,
    store_id text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (upstream, store_id)
);

CREATE TABLE api_keys (
    key_id text PRIMARY KEY,
    key_hash text NOT NULL UNIQUE,
    scope text NOT NULL CHECK (scope IN ('operator', 'store')),
    store_id text,
    label text NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((scope = 'store') = (store_id IS NOT NULL))
);
