-- What runs said, and what a store needs of its merchant. Every query names the store first.

-- name: judged
-- description: Of how many items a run was the latest to say something.
SELECT count(*) AS count FROM held WHERE store_id = %(store_id)s AND run_id = %(run_id)s

-- name: held_reasons
-- description: Why items stay whose latest run it was.
SELECT reason, count(*) AS count FROM held
WHERE store_id = %(store_id)s AND run_id = %(run_id)s AND reason IS NOT NULL
GROUP BY reason ORDER BY count(*) DESC, reason

-- name: held_items
-- description: A page of the items that stay for one reason.
SELECT item_key, items.name AS item_name, items.shelf_price, reason_ar, reason_en
FROM held LEFT JOIN items USING (store_id, item_key)
WHERE store_id = %(store_id)s AND run_id = %(run_id)s AND reason = %(reason)s
    AND (%(after)s::text IS NULL OR item_key > %(after)s)
ORDER BY item_key LIMIT %(limit)s

-- name: needs
-- description: What is to be done now. Ranges of independent changes add by their squares; numeric, so nothing is lost.
SELECT waiting.*, refused.*, costs.*, spread.*
FROM (
    SELECT count(*) FILTER (WHERE expires_at <= %(now)s + interval '2 hours') AS lapsing, min(expires_at) AS next_expiry
    FROM proposals WHERE store_id = %(store_id)s AND state = 'pending' AND disposition = 'ask' AND NOT EXISTS (
        SELECT FROM answers WHERE answers.store_id = proposals.store_id
            AND answers.proposal_id = proposals.proposal_id AND answers.state IN ('waiting', 'sending', 'done')
    )
) AS waiting, (
    SELECT count(*) AS refused FROM answers
    WHERE store_id = %(store_id)s AND state = 'refused' AND seen_at IS NULL
        AND settled_at > %(now)s - interval '1 day'
) AS refused, (
    SELECT count(*) AS without_cost FROM items
    WHERE store_id = %(store_id)s AND seen_at IS NOT NULL AND NOT has_variants AND status = 'sale' AND NOT locked
        AND coalesce(own_cost, cost) IS NULL
) AS costs, (
    SELECT CASE WHEN count(*) = count(high - low) AND count(*) > 0
        THEN round(sqrt(sum(((high - low) / 2) ^ 2)))::bigint END AS half_width
    FROM (
        SELECT interval80_low::numeric AS low, interval80_high::numeric AS high FROM decisions
        WHERE decisions.store_id = %(store_id)s AND decisions.state = 'applied'
            AND settled_at > %(now)s - interval '7 days' AND settled_at <= %(now)s AND expected IS NOT NULL
    ) AS ranges
) AS spread
