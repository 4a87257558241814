-- Policies and what they would have done. Writes are absolute, so doing one again changes nothing.

-- name: policy_drafted
-- description: A new policy.
INSERT INTO policies (store_id, version, title, stage, document, drafted_at, drafted_by)
VALUES (%(store_id)s, %(version)s, %(title)s, 'draft', %(document)s::jsonb, %(drafted_at)s, %(drafted_by)s)
ON CONFLICT (store_id, version) DO NOTHING

-- name: policy_staged
-- description: A policy was let further, or taken back.
UPDATE policies SET stage = %(stage)s, share_bp = %(share_bp)s, staged_at = %(staged_at)s, staged_by = %(staged_by)s
WHERE store_id = %(store_id)s AND version = %(version)s

-- name: prices_shadowed
-- description: What a policy made of items, many at once; of each item the latest run's is kept.
INSERT INTO shadow_prices (store_id, policy_version, item_key, run_id, at, document)
SELECT store_id, policy_version, item_key, run_id, at, document::jsonb
FROM unnest(%(store_id)b::text[], %(policy_version)b::int[], %(item_key)b::text[], %(run_id)b::uuid[],
    %(at)b::timestamptz[], %(document)b::text[]) AS given (store_id, policy_version, item_key, run_id, at, document)
ON CONFLICT (store_id, policy_version, item_key) DO UPDATE SET
    run_id = excluded.run_id, at = excluded.at, document = excluded.document
WHERE (excluded.at, excluded.run_id) >= (shadow_prices.at, shadow_prices.run_id)

-- name: list_policies
-- description: A store's policies, newest first, from below a version; without their documents.
SELECT version, title, stage, share_bp, drafted_at, drafted_by, staged_at, staged_by FROM policies
WHERE store_id = %(store_id)s AND (%(below)s::int IS NULL OR version < %(below)s)
ORDER BY version DESC LIMIT %(limit)s

-- name: policy
-- description: One policy of a store.
SELECT version, title, stage, share_bp, document, drafted_at, drafted_by, staged_at, staged_by FROM policies
WHERE store_id = %(store_id)s AND version = %(version)s

-- name: list_shadow
-- description: What a policy in shadow made of items, beside what the live one made of them in the same run, after a cursor.
SELECT shadow.item_key, items.name, shadow.run_id, shadow.at, shadow.document,
    (live.document ->> 'expected_weekly_profit_change')::bigint AS live_change
FROM (
    SELECT * FROM shadow_prices
    WHERE store_id = %(store_id)s AND policy_version = %(version)s AND (%(after)s::text IS NULL OR item_key > %(after)s)
    ORDER BY item_key LIMIT %(limit)s
) AS shadow
LEFT JOIN items USING (store_id, item_key)
LEFT JOIN proposals live USING (store_id, run_id, item_key)
ORDER BY shadow.item_key

-- name: shadow_stamp
-- description: Another one whenever anything of a policy's shadow has changed: an item's row is only replaced by a later one.
SELECT count(*) AS items, sum(extract(epoch FROM at)) AS moments, sum(hashtext(run_id::text)) AS runs FROM shadow_prices
WHERE store_id = %(store_id)s AND policy_version = %(version)s

-- name: shadow_totals
-- description: The same of all items in sums; a held price is the price on the shelf, what is not known is not summed.
SELECT count(*)::int AS compared,
    count(*) FILTER (WHERE coalesce(said.shadow_price, said.shelf_price) <> coalesce(said.live_price, said.shelf_price))::int
        AS different,
    count(*) FILTER (WHERE said.disposition = 'write')::int AS write,
    count(*) FILTER (WHERE said.disposition = 'ask')::int AS ask,
    count(*) FILTER (WHERE said.disposition = 'hold')::int AS hold,
    sum(said.expected_weekly_profit_change) AS shadow_change,
    count(said.expected_weekly_profit_change)::int AS shadow_known,
    sum((live.document ->> 'expected_weekly_profit_change')::bigint) AS live_change,
    count(live.document ->> 'expected_weekly_profit_change')::int AS live_known
FROM shadow_prices shadow
CROSS JOIN LATERAL jsonb_to_record(shadow.document) AS said (shelf_price bigint, live_price bigint, shadow_price bigint,
    disposition text, expected_weekly_profit_change bigint)
LEFT JOIN proposals live USING (store_id, run_id, item_key)
WHERE store_id = %(store_id)s AND policy_version = %(version)s
