-- Where the weekly retention moves jobs that ended long ago. Their events are history and stay where they are.

CREATE TABLE jobs_archive (
    id bigint PRIMARY KEY,
    queue text NOT NULL,
    key text NOT NULL,
    store_id text NOT NULL,
    payload jsonb NOT NULL,
    state text NOT NULL,
    attempts int NOT NULL,
    last_error text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    archived_at timestamptz NOT NULL DEFAULT now()
);
