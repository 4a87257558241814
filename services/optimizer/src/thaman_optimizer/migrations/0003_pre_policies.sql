-- Pricing policies with their stages, what those in shadow would have done, and when items stop selling.

CREATE TABLE policies (
    store_id text NOT NULL,
    version int NOT NULL,
    title text NOT NULL,
    stage text NOT NULL CHECK (stage IN ('draft', 'shadow', 'canary', 'live', 'retired')),
    share_bp int CHECK ((share_bp IS NOT NULL) = (stage = 'canary')),
    document jsonb NOT NULL,
    drafted_at timestamptz NOT NULL,
    drafted_by text NOT NULL,
    staged_at timestamptz,
    staged_by text,
    PRIMARY KEY (store_id, version)
);
-- Not unique: that one is live and one on trial is the book's rule, and two people at once have to meet its conflict,
-- which is retried, before they meet one of this table.
CREATE INDEX policies_deciding ON policies (store_id) WHERE stage IN ('shadow', 'canary', 'live');

-- Of each item what the latest run with the policy in shadow made of it.
CREATE TABLE shadow_prices (
    store_id text NOT NULL,
    policy_version int NOT NULL,
    item_key text NOT NULL,
    run_id uuid NOT NULL,
    at timestamptz NOT NULL,
    document jsonb NOT NULL,
    PRIMARY KEY (store_id, policy_version, item_key)
);

ALTER TABLE item_rules ADD COLUMN season_ends_on date, ADD COLUMN salvage bigint;
