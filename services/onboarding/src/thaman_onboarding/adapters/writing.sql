-- Decided prices on their way to Salla.

-- name: add_decisions
-- description: Decisions arrived; a second time they are ignored.
INSERT INTO decisions (decision_id, store_id, key, decision, cause)
SELECT decision_id, store_id, key, decision::jsonb, cause::jsonb
FROM ROWS FROM (
    jsonb_to_recordset(%(rows)s::jsonb) AS (decision_id uuid, store_id text, key text, decision text, cause text)
) WITH ORDINALITY AS given (decision_id, store_id, key, decision, cause, place)
ORDER BY place
ON CONFLICT (decision_id) DO NOTHING

-- name: open
-- description: The store's decisions that are not settled, oldest first, with what concerns them.
SELECT d.decision_id, d.sequence, d.key, d.decision, d.cause, d.state, d.attempt, d.doubts, d.call, d.in_flight,
    extract(epoch FROM clock_timestamp() - d.started_at)::float8 AS age,
    extract(epoch FROM d.next_at - clock_timestamp())::float8 AS wait,
    EXISTS (SELECT 1 FROM decisions n WHERE n.store_id = d.store_id AND n.key = d.key AND n.sequence > d.sequence
    ) AS superseded,
    (SELECT count(*) FROM decisions w WHERE w.store_id = d.store_id AND w.key = d.key
        AND w.decision_id <> d.decision_id AND w.state IN ('started', 'uncertain', 'applied')
        AND (w.first_started_at AT TIME ZONE 'Asia/Riyadh')::date = (clock_timestamp() AT TIME ZONE 'Asia/Riyadh')::date
    )::int AS written_today, earlier.single_age, earlier.bulk_age
FROM decisions d
CROSS JOIN LATERAL (
    SELECT min(age) FILTER (WHERE call <> 'bulk') AS single_age, min(age) FILTER (WHERE call = 'bulk') AS bulk_age
    FROM (
        SELECT w.call, extract(epoch FROM clock_timestamp() - w.started_at)::float8 AS age FROM decisions w
        WHERE w.store_id = d.store_id AND w.key = d.key AND w.decision_id <> d.decision_id
            AND w.state = 'applied' AND w.doubts > 0 AND w.attempt > 1
            AND w.started_at > clock_timestamp() - interval '1 hour'
    ) AS calls
) AS earlier
WHERE d.store_id = %(store_id)s AND d.state IN ('due', 'started', 'uncertain')
ORDER BY d.sequence LIMIT %(limit)s

-- name: histories
-- description: All events of some writes, each write's in order.
SELECT originator_id, originator_version, topic, state FROM onboarding_events
WHERE originator_id = ANY(%(ids)s) ORDER BY originator_id, originator_version

-- name: rules
-- description: The merchant's rules of some items.
SELECT product_id, variant_id, min_price, max_price, locked, cost FROM item_rules
WHERE store_id = %(store_id)s AND key = ANY(%(keys)s)

-- name: allowed
-- description: Whether writing is allowed now: the store as it was judged, and the job still ours.
SELECT EXISTS (
    SELECT 1 FROM stores s LEFT JOIN system_settings y ON true
    WHERE s.store_id = %(store_id)s AND s.version = %(version)s
      AND NOT coalesce((y.settings ->> 'stopped')::boolean, false)
      AND s.fence + coalesce(y.system_fence, 0) = %(fence)s
) AND EXISTS (
    SELECT 1 FROM jobs WHERE id = %(job)s AND lease = %(lease)s AND state = 'running' AND leased_until > now()
) AS allowed

-- name: hold_system
-- description: Hold the installation's settings still until commit (there may be no row yet). A statement of its own, so
-- that the next one sees a stop that this one waited for.
SELECT pg_advisory_xact_lock_shared(hashtextextended('onboarding.system', 0))

-- name: hold_store
-- description: Hold the store's row still until commit; returns it only if it is as it was judged.
SELECT s.store_id FROM stores s
WHERE s.store_id = %(store_id)s AND s.version = %(version)s
  AND s.fence + coalesce((SELECT y.system_fence FROM system_settings y), 0) = %(fence)s
  AND NOT coalesce((SELECT (y.settings ->> 'stopped')::boolean FROM system_settings y), false)
FOR SHARE OF s

-- name: hold_job
-- description: Hold the job still until commit; returns it only if it is still ours.
SELECT id FROM jobs WHERE id = %(job)s AND lease = %(lease)s AND state = 'running' FOR UPDATE

-- name: start
-- description: Attempts begin. The day budget counts from the first.
UPDATE decisions SET state = 'started', attempt = begun.attempt, call = begun.call, in_flight = true,
    started_at = clock_timestamp(), first_started_at = coalesce(first_started_at, clock_timestamp()),
    next_at = clock_timestamp() + begun.delay * interval '1 second'
FROM unnest(%(ids)s::uuid[], %(attempts)s::int[], %(calls)s::text[], %(delays)s::float8[])
    AS begun (decision_id, attempt, call, delay)
WHERE decisions.decision_id = begun.decision_id

-- name: doubt
-- description: The attempt's outcome is unknown; look again after a while.
UPDATE decisions SET state = 'uncertain', doubts = doubts + 1, detail = %(detail)s,
    next_at = clock_timestamp() + %(delay)s * interval '1 second'
WHERE decision_id = %(decision_id)s

-- name: put_back
-- description: The attempt certainly had no effect, though one before it may; try again after a while.
UPDATE decisions SET in_flight = doubts > 0, detail = %(detail)s,
    next_at = clock_timestamp() + %(delay)s * interval '1 second'
WHERE decision_id = %(decision_id)s

-- name: wait
-- description: Look again after a while.
UPDATE decisions SET next_at = clock_timestamp() + %(delay)s * interval '1 second' WHERE decision_id = %(decision_id)s

-- name: settle
-- description: Outcomes that are known for good.
UPDATE decisions SET state = settled.state, in_flight = false, settled_at = clock_timestamp(), detail = settled.detail
FROM unnest(%(ids)s::uuid[], %(states)s::text[], %(details)s::text[]) AS settled (decision_id, state, detail)
WHERE decisions.decision_id = settled.decision_id

-- name: finish_jobs
-- description: The jobs of settled decisions have nothing left to do.
UPDATE jobs SET state = 'done', updated_at = now()
WHERE queue = %(queue)s AND store_id = %(store_id)s AND key = ANY(%(keys)s) AND state = 'waiting'

-- name: postpone_jobs
-- description: All waiting jobs of the store wait as long as the one that found nothing to do yet.
UPDATE jobs SET run_at = greatest(run_at, now() + %(delay)s * interval '1 second'), updated_at = now()
WHERE queue = %(queue)s AND store_id = %(store_id)s AND state = 'waiting'

-- name: touch_items
-- description: Writes of these items begin or end; a null says that no base price was written.
UPDATE items SET write_version = write_version + 1, last_written = coalesce(touched.base_price, last_written)
FROM unnest(%(keys)s::text[], %(base_prices)s::bigint[]) AS touched (key, base_price)
WHERE items.store_id = %(store_id)s AND items.key = touched.key
