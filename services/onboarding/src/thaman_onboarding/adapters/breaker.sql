-- What a store's breaker looks at. A decision counts only under the fence in force: a stop starts a fresh window.
-- Asked before each batch of writes, so that nothing is counted that cannot matter, and no document is opened in vain.

-- name: window
-- description: Counts of what is stored and, in the arrays, of what is about to be; 0 where no limit hangs on it.
WITH trouble AS (
    SELECT count(*)::int AS writes FROM decisions d
    WHERE d.store_id = %(store_id)s AND d.first_started_at > clock_timestamp() - %(minutes)s * interval '1 minute'
        AND (d.state = 'failed' OR (d.state = 'uncertain' AND d.doubts >= %(unclear)s)
            OR d.decision_id = ANY (%(troubled)s::uuid[]))
        AND d.decision_id <> ALL (%(well)s::uuid[]) AND (d.decision ->> 'fence')::bigint >= %(fence)s
), edits AS (
    SELECT key, seen_at FROM breaker_signals
    WHERE store_id = %(store_id)s AND kind = 'edit' AND seen_at > clock_timestamp() - %(hours)s * interval '1 hour'
    UNION ALL SELECT unnest(%(edited)s::text[]), clock_timestamp()
), jumps AS (
    SELECT count(*)::int AS items FROM (
        SELECT key FROM breaker_signals WHERE store_id = %(store_id)s AND kind = 'jump'
            AND seen_at > clock_timestamp() - %(minutes)s * interval '1 minute'
        UNION SELECT unnest(%(jumped)s::text[])
    ) AS keys
)
SELECT trouble.writes AS troubled, jumps.items AS jumped,
    CASE WHEN jumps.items >= %(least)s OR %(count_changes)s THEN (SELECT count(*) FROM items i
        WHERE i.store_id = %(store_id)s AND NOT i.removed AND NOT (i.content ->> 'has_variants')::boolean)::int
    ELSE 0 END AS items,
    CASE WHEN trouble.writes >= %(least)s THEN (SELECT count(*) FROM decisions d WHERE d.store_id = %(store_id)s
        AND d.first_started_at > clock_timestamp() - %(minutes)s * interval '1 minute'
        AND (d.decision ->> 'fence')::bigint >= %(fence)s)::int
    ELSE 0 END AS began,
    CASE WHEN %(count_changes)s THEN (SELECT count(*) FROM (
        SELECT d.key FROM decisions d WHERE d.store_id = %(store_id)s
            AND d.first_started_at > clock_timestamp() - %(minutes)s * interval '1 minute'
            AND (d.decision ->> 'fence')::bigint >= %(fence)s AND d.decision ->> 'decided_by' = %(policy)s
        UNION SELECT unnest(%(changing)s::text[])
    ) AS keys)::int ELSE 0 END AS changing,
    (SELECT count(DISTINCT e.key) FROM edits e WHERE EXISTS (
        SELECT 1 FROM decisions w WHERE w.store_id = %(store_id)s AND w.key = e.key AND w.state = 'applied'
            AND w.settled_at BETWEEN e.seen_at - %(hours)s * interval '1 hour' AND e.seen_at
            AND (w.decision ->> 'fence')::bigint >= %(fence)s))::int AS edited
FROM trouble, jumps

-- name: plans
-- description: Old and new price of each decision of some runs by their policy, among the next open ones of the store and
-- the last that began within the window. Larger runs are seen piece by piece, as their writes come near.
SELECT run_id, array_agg(old) AS old, array_agg(new) AS new FROM (
    SELECT (near.decision ->> 'run_id')::uuid AS run_id, (near.decision ->> 'expected_base_price')::bigint AS old,
        (near.decision ->> 'base_price')::bigint AS new
    FROM (
        (SELECT d.decision FROM decisions d
            WHERE d.store_id = %(store_id)s AND d.state IN ('due', 'started', 'uncertain')
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

-- name: signal
-- description: Items that something was seen of just now; the latest time of each counts.
INSERT INTO breaker_signals (store_id, kind, key)
SELECT %(store_id)s, kind, key FROM unnest(%(kinds)s::text[], %(keys)s::text[]) AS seen (kind, key)
ON CONFLICT (store_id, kind, key) DO UPDATE SET seen_at = excluded.seen_at

-- name: forget
-- description: A fresh window: what was seen before does not count any more.
DELETE FROM breaker_signals WHERE store_id = %(store_id)s
