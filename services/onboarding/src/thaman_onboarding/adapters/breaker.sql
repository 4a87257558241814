-- What a store's breaker looks at. A decision counts only under the fence in force: a stop starts a fresh window.
-- Asked before each batch of writes, so that nothing is counted that cannot matter, and no document is opened in vain.

-- name: window
-- description: Counts of what is stored and, in the arrays, of what is about to be; 0 where no limit hangs on it.
WITH force AS (
    SELECT s.fence + coalesce((SELECT y.system_fence FROM system_settings y), 0) AS fence FROM stores s
    WHERE s.store_id = %(store_id)s
), trouble AS (
    SELECT count(*)::int AS writes FROM decisions d
    WHERE d.store_id = %(store_id)s AND d.first_started_at > clock_timestamp() - %(minutes)s * interval '1 minute'
        AND (d.state = 'failed' OR (d.state = 'uncertain' AND d.doubts >= %(unclear)s)
            OR d.decision_id = ANY (%(troubled)s::uuid[]))
        AND d.decision_id <> ALL (%(well)s::uuid[]) AND (d.decision ->> 'fence')::bigint >= (SELECT fence FROM force)
), edits AS (
    SELECT key, seen_at FROM breaker_signals
    WHERE store_id = %(store_id)s AND kind = 'edit' AND counts
        AND seen_at > clock_timestamp() - %(hours)s * interval '1 hour'
    UNION ALL SELECT unnest(%(edited)s::text[]), clock_timestamp()
), jumps AS (
    SELECT count(*)::int AS items FROM (
        SELECT key FROM breaker_signals WHERE store_id = %(store_id)s AND kind = 'jump' AND counts
            AND seen_at > clock_timestamp() - %(minutes)s * interval '1 minute' AND key <> ALL (%(returned)s::text[])
        UNION SELECT unnest(%(jumped)s::text[])
    ) AS keys JOIN items i ON i.store_id = %(store_id)s AND i.key = keys.key
        AND NOT i.removed AND NOT (i.content ->> 'has_variants')::boolean
), edited AS (
    SELECT DISTINCT e.key FROM edits e WHERE EXISTS (
        SELECT 1 FROM decisions w WHERE w.store_id = %(store_id)s AND w.key = e.key AND w.state = 'applied'
            AND w.settled_at BETWEEN e.seen_at - %(hours)s * interval '1 hour' AND e.seen_at
            AND (w.decision ->> 'fence')::bigint >= (SELECT fence FROM force))
)
SELECT trouble.writes AS troubled, jumps.items AS jumped,
    CASE WHEN jumps.items >= %(count)s OR %(count_changes)s THEN (SELECT count(*) FROM items i
        WHERE i.store_id = %(store_id)s AND NOT i.removed AND NOT (i.content ->> 'has_variants')::boolean)::int
    ELSE 0 END AS items,
    CASE WHEN trouble.writes >= %(count)s THEN (SELECT count(*) FROM decisions d WHERE d.store_id = %(store_id)s
        AND d.first_started_at > clock_timestamp() - %(minutes)s * interval '1 minute'
        AND (d.decision ->> 'fence')::bigint >= (SELECT fence FROM force))::int
    ELSE 0 END AS began,
    CASE WHEN %(count_changes)s THEN (SELECT count(*) FROM (
        SELECT d.key FROM decisions d WHERE d.store_id = %(store_id)s
            AND d.first_started_at > clock_timestamp() - %(minutes)s * interval '1 minute'
            AND (d.decision ->> 'fence')::bigint >= (SELECT fence FROM force)
            AND d.decision ->> 'decided_by' = %(policy)s
        UNION SELECT unnest(%(changing)s::text[])
    ) AS keys)::int ELSE 0 END AS changing,
    (SELECT count(*) FROM edited)::int AS edited,
    CASE WHEN (SELECT count(*) FROM edited) > %(edits)s THEN (SELECT count(*) FROM (
        SELECT w.key FROM decisions w WHERE w.store_id = %(store_id)s AND w.state = 'applied'
            AND w.settled_at > clock_timestamp() - %(hours)s * interval '1 hour'
            AND (w.decision ->> 'fence')::bigint >= (SELECT fence FROM force)
        UNION SELECT key FROM edited
    ) AS keys)::int ELSE 0 END AS written
FROM trouble, jumps

-- name: plans
-- description: Old and new price of each decision of some runs by their policy, among the next open ones of the store and
-- the last that began within the window, without those that will never be written. Larger runs are seen piece by piece, as their writes come near.
SELECT run_id, array_agg(old) AS old, array_agg(new) AS new FROM (
    SELECT (near.decision ->> 'run_id')::uuid AS run_id, (near.decision ->> 'expected_base_price')::bigint AS old,
        (near.decision ->> 'base_price')::bigint AS new
    FROM (
        (SELECT d.decision FROM decisions d
            WHERE d.store_id = %(store_id)s AND d.state IN ('due', 'started', 'uncertain')
                AND (d.state <> 'due' OR (d.decision ->> 'expires_at')::timestamptz > clock_timestamp()
                    AND NOT EXISTS (SELECT 1 FROM decisions n WHERE n.store_id = d.store_id AND n.key = d.key
                        AND n.sequence > d.sequence))
            ORDER BY d.sequence LIMIT %(near)s)
        UNION ALL
        (SELECT d.decision FROM decisions d
            WHERE d.store_id = %(store_id)s AND d.state NOT IN ('due', 'started', 'uncertain')
                AND d.first_started_at > clock_timestamp() - %(minutes)s * interval '1 minute'
            ORDER BY d.first_started_at DESC LIMIT %(near)s)
    ) AS near
    WHERE (near.decision ->> 'run_id')::uuid = ANY (%(runs)s::uuid[])
        AND near.decision ->> 'decided_by' = %(policy)s
) AS decided WHERE old > 0 GROUP BY run_id ORDER BY run_id

-- name: hold
-- description: Hold the store's row still until commit: before signals, as a resume does.
SELECT 1 FROM stores WHERE store_id = %(store_id)s FOR SHARE

-- name: signal
-- description: What was seen of items just now; the latest time counts, and of a jump the oldest value that is kept.
INSERT INTO breaker_signals AS known (store_id, kind, key, counts, cost, base_price)
SELECT %(store_id)s, seen.kind, seen.key, seen.counts, seen.cost, seen.base_price
FROM unnest(%(kinds)s::text[], %(keys)s::text[], %(counting)s::boolean[], %(costs)s::bigint[], %(prices)s::bigint[])
    AS seen (kind, key, counts, cost, base_price)
ORDER BY seen.kind, seen.key
ON CONFLICT (store_id, kind, key) DO UPDATE SET seen_at = excluded.seen_at, counts = excluded.counts,
    cost = CASE WHEN known.seen_at > clock_timestamp() - %(days)s * interval '1 day'
        THEN coalesce(known.cost, excluded.cost) ELSE excluded.cost END,
    base_price = CASE WHEN known.seen_at > clock_timestamp() - %(days)s * interval '1 day'
        THEN coalesce(known.base_price, excluded.base_price) ELSE excluded.base_price END

-- name: origins
-- description: What stood before some items jumped.
SELECT key, cost, base_price FROM breaker_signals
WHERE store_id = %(store_id)s AND kind = 'jump' AND key = ANY (%(keys)s)
    AND seen_at > clock_timestamp() - %(days)s * interval '1 day'

-- name: is_followed
-- description: Whether a sweep since the window began anew ended, and not too long ago.
SELECT EXISTS (SELECT 1 FROM breaker_sweeps WHERE store_id = %(store_id)s
    AND swept_at > clock_timestamp() - greatest(%(hours)s * interval '1 hour', %(minutes)s * interval '1 minute'))
    AS followed

-- name: swept
-- description: A sweep that began at a moment ended; it counts if the window did not begin anew meanwhile.
INSERT INTO breaker_sweeps AS known (store_id, swept_at) VALUES (%(store_id)s, clock_timestamp())
ON CONFLICT (store_id) DO UPDATE SET swept_at = excluded.swept_at WHERE known.fresh_at < %(began)s

-- name: freshen
-- description: The next sweep is the first.
INSERT INTO breaker_sweeps (store_id, fresh_at) VALUES (%(store_id)s, clock_timestamp())
ON CONFLICT (store_id) DO UPDATE SET fresh_at = excluded.fresh_at, swept_at = NULL

-- name: forget
-- description: A fresh window, of one store or of all: what was seen before does not count any more.
WITH held AS (
    SELECT store_id, kind, key FROM breaker_signals
    WHERE (%(store_id)s::text IS NULL OR store_id = %(store_id)s) AND counts ORDER BY store_id, kind, key FOR UPDATE
)
UPDATE breaker_signals known SET counts = false FROM held
WHERE (known.store_id, known.kind, known.key) = (held.store_id, held.kind, held.key)

-- name: drop
-- description: Nothing is kept of a store.
DELETE FROM breaker_signals WHERE store_id = %(store_id)s
