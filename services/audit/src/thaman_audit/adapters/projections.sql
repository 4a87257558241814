-- What stores the rows of thaman_audit.domain.rows. Each parameter is a column: one statement takes all rows of a batch.

-- name: store
-- description: What became of stores. A null says nothing; of each column the last word counts, the first time is kept.
WITH given AS (
    SELECT * FROM unnest(%(store_id)b::text[], %(name)b::text[], %(plan)b::text[], %(via)b::text[], %(mode)b::text[], %(connected)b::boolean[], %(paused)b::boolean[], %(at)b::timestamptz[])
        WITH ORDINALITY AS rows (store_id, name, plan, via, mode, connected, paused, at, place)
), patch AS (
    SELECT store_id, min(at) AS first_at,
        (array_agg(name ORDER BY place DESC) FILTER (WHERE name IS NOT NULL))[1] AS name,
        (array_agg(plan ORDER BY place DESC) FILTER (WHERE plan IS NOT NULL))[1] AS plan,
        (array_agg(via ORDER BY place DESC) FILTER (WHERE via IS NOT NULL))[1] AS via,
        (array_agg(mode ORDER BY place DESC) FILTER (WHERE mode IS NOT NULL))[1] AS mode,
        (array_agg(connected ORDER BY place DESC) FILTER (WHERE connected IS NOT NULL))[1] AS connected,
        (array_agg(paused ORDER BY place DESC) FILTER (WHERE paused IS NOT NULL))[1] AS paused
    FROM given GROUP BY store_id
)
INSERT INTO stores (store_id, name, plan, via, mode, connected, paused, first_authorized_at)
SELECT store_id, name, plan, via, mode, connected, paused, first_at FROM patch
ON CONFLICT (store_id) DO UPDATE SET
    name = coalesce(excluded.name, stores.name),
    plan = coalesce(excluded.plan, stores.plan),
    via = coalesce(excluded.via, stores.via),
    mode = coalesce(excluded.mode, stores.mode),
    connected = coalesce(excluded.connected, stores.connected),
    paused = coalesce(excluded.paused, stores.paused),
    first_authorized_at = least(stores.first_authorized_at, excluded.first_authorized_at)

-- name: run_requested
-- description: A run was asked for. The streams are not ordered among each other, so any of a run's facts may be first.
INSERT INTO runs (store_id, run_id, trigger, slot, requested_by, requested_at, latest_at)
SELECT DISTINCT ON (store_id, run_id) store_id, run_id, trigger, slot, requested_by, at, at
FROM unnest(%(store_id)b::text[], %(run_id)b::uuid[], %(trigger)b::text[], %(slot)b::timestamptz[],
    %(requested_by)b::text[], %(at)b::timestamptz[]) WITH ORDINALITY
    AS given (store_id, run_id, trigger, slot, requested_by, at, place)
ORDER BY store_id, run_id, place DESC
ON CONFLICT (store_id, run_id) DO UPDATE SET
    trigger = excluded.trigger, slot = excluded.slot, requested_by = excluded.requested_by,
    requested_at = excluded.requested_at, latest_at = greatest(runs.latest_at, excluded.latest_at)

-- name: run_started
-- description: A run began.
INSERT INTO runs (store_id, run_id, trigger, slot, started_at, items, mode, latest_at)
SELECT DISTINCT ON (store_id, run_id) store_id, run_id, trigger, slot, at, items, mode, at
FROM unnest(%(store_id)b::text[], %(run_id)b::uuid[], %(trigger)b::text[], %(slot)b::timestamptz[], %(items)b::int[],
    %(mode)b::text[], %(at)b::timestamptz[]) WITH ORDINALITY
    AS given (store_id, run_id, trigger, slot, items, mode, at, place)
ORDER BY store_id, run_id, place DESC
ON CONFLICT (store_id, run_id) DO UPDATE SET
    trigger = excluded.trigger, slot = excluded.slot, started_at = excluded.started_at, items = excluded.items,
    mode = excluded.mode, latest_at = greatest(runs.latest_at, excluded.latest_at)

-- name: run_completed
-- description: A run ended with its numbers.
INSERT INTO runs (store_id, run_id, completed_at, statistics, latest_at)
SELECT DISTINCT ON (store_id, run_id) store_id, run_id, at, statistics, at
FROM unnest(%(store_id)b::text[], %(run_id)b::uuid[], %(statistics)s::jsonb[], %(at)b::timestamptz[]) WITH ORDINALITY
    AS given (store_id, run_id, statistics, at, place)
ORDER BY store_id, run_id, place DESC
ON CONFLICT (store_id, run_id) DO UPDATE SET
    completed_at = excluded.completed_at, statistics = excluded.statistics,
    latest_at = greatest(runs.latest_at, excluded.latest_at)

-- name: run_failed
-- description: A run ended without a result.
INSERT INTO runs (store_id, run_id, failed_at, failure, latest_at)
SELECT DISTINCT ON (store_id, run_id) store_id, run_id, at, failure, at
FROM unnest(%(store_id)b::text[], %(run_id)b::uuid[], %(failure)b::text[], %(at)b::timestamptz[]) WITH ORDINALITY
    AS given (store_id, run_id, failure, at, place)
ORDER BY store_id, run_id, place DESC
ON CONFLICT (store_id, run_id) DO UPDATE SET
    failed_at = excluded.failed_at, failure = excluded.failure,
    latest_at = greatest(runs.latest_at, excluded.latest_at)

-- name: item_event
-- description: Where the events about items are.
INSERT INTO item_events (store_id, item, service, event_id, name, at, run_id, proposal_id, decision_id)
SELECT * FROM unnest(%(store_id)b::text[], %(item)b::text[], %(service)b::text[], %(event_id)b::text[],
    %(name)b::text[], %(at)b::timestamptz[], %(run_id)b::uuid[], %(proposal_id)b::uuid[], %(decision_id)b::uuid[])
ON CONFLICT DO NOTHING

-- name: price
-- description: Prices as they were seen or written, in order; only changes (and what somebody did) become history.
WITH given AS (
    SELECT * FROM unnest(%(store_id)b::text[], %(item)b::text[], %(at)b::timestamptz[], %(base_price)b::bigint[],
        %(shelf_price)b::bigint[], %(cause)b::text[], %(decision_id)b::uuid[], %(run_id)b::uuid[],
        %(service)b::text[], %(event_id)b::text[]) WITH ORDINALITY
        AS rows (store_id, item, at, base_price, shelf_price, cause, decision_id, run_id, service, event_id, place)
), bases AS (
    SELECT given.*, prices.shelf_price AS known_shelf_price,
        CASE WHEN row_number() OVER item_in_order = 1 THEN prices.base_price
            ELSE lag(given.base_price) OVER item_in_order END AS old_base_price
    FROM given LEFT JOIN prices USING (store_id, item)
    WINDOW item_in_order AS (PARTITION BY given.store_id, given.item ORDER BY given.place)
), stretches AS (
    -- In one stretch the base price stays the same; the first goes on from what is known.
    SELECT bases.*, count(*) FILTER (WHERE base_price IS DISTINCT FROM old_base_price) OVER item_in_order AS stretch
    FROM bases
    WINDOW item_in_order AS (PARTITION BY store_id, item ORDER BY place)
), told AS (
    SELECT stretches.*, count(shelf_price) OVER (PARTITION BY store_id, item, stretch ORDER BY place) AS told
    FROM stretches
), shelves AS (
    -- A hand edit says nothing of the shelf; what was seen there before with the same base price still stands.
    SELECT told.*, coalesce(
        max(shelf_price) OVER (PARTITION BY store_id, item, stretch, told),
        CASE WHEN stretch = 0 AND told = 0 THEN known_shelf_price END
    ) AS standing_shelf_price
    FROM told
), beside AS (
    SELECT shelves.*,
        CASE WHEN row_number() OVER item_in_order = 1 THEN known_shelf_price
            ELSE lag(standing_shelf_price) OVER item_in_order END AS old_shelf_price
    FROM shelves
    WINDOW item_in_order AS (PARTITION BY store_id, item ORDER BY place)
), history AS (
    INSERT INTO price_history (store_id, item, at, base_price, shelf_price, old_base_price, cause, decision_id, run_id,
        service, event_id)
    SELECT store_id, item, at, base_price, shelf_price, old_base_price,
        CASE WHEN old_base_price IS NULL AND cause = 'observed' THEN 'first_seen' ELSE cause END,
        decision_id, run_id, service, event_id
    FROM beside
    WHERE cause <> 'observed' OR old_base_price IS DISTINCT FROM base_price OR old_shelf_price <> shelf_price
    ORDER BY place
)
INSERT INTO prices (store_id, item, base_price, shelf_price, at)
SELECT DISTINCT ON (store_id, item) store_id, item, base_price, standing_shelf_price, at
FROM beside ORDER BY store_id, item, place DESC
ON CONFLICT (store_id, item) DO UPDATE SET
    base_price = excluded.base_price, shelf_price = excluded.shelf_price, at = excluded.at
