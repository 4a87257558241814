-- What a store's breaker looks at. A decision counts only under the fence in force: a stop starts a fresh window.

-- name: window
-- description: Counts of what is stored and, in the arrays, of what is about to be.
WITH began AS (
    SELECT d.decision_id, d.key, d.state, d.doubts, d.decision ->> 'decided_by' AS decided_by FROM decisions d
    WHERE d.store_id = %(store_id)s AND d.first_started_at > clock_timestamp() - %(minutes)s * interval '1 minute'
        AND (d.decision ->> 'fence')::bigint >= %(fence)s
), edits AS (
    SELECT key, seen_at FROM breaker_signals
    WHERE store_id = %(store_id)s AND kind = 'edit' AND seen_at > clock_timestamp() - %(hours)s * interval '1 hour'
    UNION ALL SELECT unnest(%(edited)s::text[]), clock_timestamp()
)
SELECT
    (SELECT count(*) FROM items i
        WHERE i.store_id = %(store_id)s AND NOT i.removed AND NOT (i.content ->> 'has_variants')::boolean)::int AS items,
    (SELECT count(*) FROM (
        SELECT key FROM began WHERE decided_by = %(policy)s UNION SELECT unnest(%(changing)s::text[])
    ) AS keys)::int AS changing,
    (SELECT count(*) FROM began)::int AS began,
    (SELECT count(*) FROM began WHERE decision_id <> ALL (%(well)s::uuid[])
        AND (state = 'failed' OR (state = 'uncertain' AND doubts >= %(unclear)s)
            OR decision_id = ANY (%(troubled)s::uuid[])))::int AS troubled,
    (SELECT count(DISTINCT e.key) FROM edits e WHERE EXISTS (
        SELECT 1 FROM decisions w WHERE w.store_id = %(store_id)s AND w.key = e.key AND w.state = 'applied'
            AND w.settled_at BETWEEN e.seen_at - %(hours)s * interval '1 hour' AND e.seen_at
            AND (w.decision ->> 'fence')::bigint >= %(fence)s))::int AS edited,
    (SELECT count(*) FROM (
        SELECT key FROM breaker_signals WHERE store_id = %(store_id)s AND kind = 'jump'
            AND seen_at > clock_timestamp() - %(minutes)s * interval '1 minute'
        UNION SELECT unnest(%(jumped)s::text[])
    ) AS keys)::int AS jumped

-- name: plans
-- description: The decisions of some runs by their policy, due or begun within the window: old and new price of each.
SELECT run_id, array_agg(old) AS old, array_agg(new) AS new FROM (
    SELECT (d.decision ->> 'run_id')::uuid AS run_id, (d.decision ->> 'expected_base_price')::bigint AS old,
        (d.decision ->> 'base_price')::bigint AS new
    FROM decisions d
    WHERE d.store_id = %(store_id)s AND d.decision ->> 'decided_by' = %(policy)s
        AND (d.decision ->> 'run_id')::uuid = ANY (%(runs)s::uuid[])
        AND (d.state IN ('due', 'started', 'uncertain')
            OR d.first_started_at > clock_timestamp() - %(minutes)s * interval '1 minute')
) AS decided WHERE old > 0 GROUP BY run_id ORDER BY run_id

-- name: signal
-- description: Items that something was seen of just now; the latest time of each counts.
INSERT INTO breaker_signals (store_id, kind, key)
SELECT %(store_id)s, kind, key FROM unnest(%(kinds)s::text[], %(keys)s::text[]) AS seen (kind, key)
ON CONFLICT (store_id, kind, key) DO UPDATE SET seen_at = excluded.seen_at

-- name: forget
-- description: A fresh window: what was seen before does not count any more.
DELETE FROM breaker_signals WHERE store_id = %(store_id)s
