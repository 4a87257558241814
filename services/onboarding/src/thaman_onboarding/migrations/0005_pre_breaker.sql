-- What a store's breaker looks at besides decisions: items that were edited by hand, or whose cost or price jumped.
-- At most two rows an item; emptied when a person resumes the store.
CREATE TABLE breaker_signals (
    store_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('edit', 'jump')),
    key text NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (store_id, kind, key)
);
CREATE INDEX decisions_began ON decisions (store_id, first_started_at) WHERE first_started_at IS NOT NULL;

ALTER TABLE stores ADD COLUMN pause_reason_ar text;
