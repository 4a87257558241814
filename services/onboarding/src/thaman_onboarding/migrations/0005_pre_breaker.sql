-- What a store's breaker looks at besides decisions: items that were edited by hand, or whose cost or price jumped.
-- At most two rows an item. With a resume none counts any more; what stood before a jump is kept for a
-- while (cost and base_price, halalas; NULL: that one did not jump), so that putting it back is no jump.
CREATE TABLE breaker_signals (
    store_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('edit', 'jump')),
    key text NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    counts boolean NOT NULL DEFAULT true,
    cost bigint,
    base_price bigint,
    PRIMARY KEY (store_id, kind, key)
);
-- When a store's window began anew (a resume, an authorisation), and when a sweep that began after it ended last.
CREATE TABLE breaker_sweeps (
    store_id text PRIMARY KEY,
    fresh_at timestamptz NOT NULL DEFAULT '-infinity',
    swept_at timestamptz
);
CREATE INDEX decisions_began ON decisions (store_id, first_started_at) WHERE first_started_at IS NOT NULL;

ALTER TABLE stores ADD COLUMN pause_reason_ar text;
