-- Of each run what a crew advised, or why nothing was advised, and what it used; the day's budget of a store is summed here.

CREATE TABLE assessments (
    run_id uuid PRIMARY KEY,
    store_id text NOT NULL,
    at timestamptz NOT NULL,
    tokens bigint NOT NULL,
    cost_micro_usd bigint NOT NULL,
    document jsonb NOT NULL
);
CREATE INDEX assessments_of_store ON assessments (store_id, at);
