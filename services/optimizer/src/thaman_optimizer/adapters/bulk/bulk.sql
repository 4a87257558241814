-- Rows of a long history, many at once, into tables that are only filled and then read as a whole.

-- name: keep_text
-- description: Documents of proposals and decisions stay the text that they are; to take them apart is most of the work.
ALTER TABLE proposals ALTER COLUMN document TYPE json USING document::json;
ALTER TABLE decisions ALTER COLUMN document TYPE json USING document::json

-- name: proposals_told
-- description: Proposals and holds with what closed them; as said_once. One that is told twice is refused: to look for each
-- would be a third of the work.
INSERT INTO proposals (proposal_id, store_id, run_id, item_key, product_id, variant_id, state, risk, disposition,
    proposed_at, expires_at, closed_at, closed_by, close_reason, document)
SELECT proposal_id::uuid, %(store_id)s, run_id::uuid, concat_ws('/', product_id, variant_id), product_id, variant_id, state,
    risk, disposition, proposed_at::timestamptz, expires_at::timestamptz, closed_at::timestamptz, closed_by, close_reason,
    convert_from(document, 'UTF8')::json
FROM unnest(%(proposal_id)b::text[], %(run_id)b::text[], %(product_id)b::text[], %(variant_id)b::text[], %(state)b::text[],
    %(risk)b::text[], %(disposition)b::text[], %(proposed_at)b::text[], %(expires_at)b::text[], %(closed_at)b::text[],
    %(closed_by)b::text[], %(close_reason)b::text[], %(document)b::bytea[]
) AS given (proposal_id, run_id, product_id, variant_id, state, risk, disposition, proposed_at, expires_at, closed_at,
    closed_by, close_reason, document)

-- name: proposals_ended
-- description: What closed proposals of before; as proposal_closed.
UPDATE proposals SET state = given.state, closed_at = given.closed_at::timestamptz, closed_by = given.closed_by,
    close_reason = given.close_reason
FROM unnest(%(proposal_id)b::text[], %(state)b::text[], %(closed_at)b::text[], %(closed_by)b::text[],
    %(close_reason)b::text[]) AS given (proposal_id, state, closed_at, closed_by, close_reason)
WHERE proposals.proposal_id = given.proposal_id::uuid

-- name: decisions_told
-- description: Decisions with what was reported of them, and reports of decisions that were never told; as decided and
-- decisions_reported. One that is told twice is refused.
INSERT INTO decisions (decision_id, store_id, run_id, item_key, product_id, variant_id, state, decided_at, decided_by,
    document, old_base_price, base_price, shelf_price, reason, settled_at)
SELECT decision_id::uuid, %(store_id)s, run_id::uuid, concat_ws('/', product_id, variant_id), product_id, variant_id, state,
    decided_at::timestamptz, decided_by, convert_from(document, 'UTF8')::json, old_base_price, base_price, shelf_price,
    reason, settled_at::timestamptz
FROM unnest(%(decision_id)b::text[], %(run_id)b::text[], %(product_id)b::text[], %(variant_id)b::text[],
    %(decided_at)b::text[], %(decided_by)b::text[], %(document)b::bytea[], %(state)b::text[],
    %(old_base_price)b::bigint[], %(base_price)b::bigint[], %(shelf_price)b::bigint[], %(reason)b::text[],
    %(settled_at)b::text[]
) AS given (decision_id, run_id, product_id, variant_id, decided_at, decided_by, document, state, old_base_price,
    base_price, shelf_price, reason, settled_at)

-- name: decisions_reported_since
-- description: What was reported of decisions of before; as decisions_reported.
UPDATE decisions SET state = given.state, reason = given.reason, settled_at = given.settled_at::timestamptz,
    old_base_price = coalesce(given.old_base_price, decisions.old_base_price),
    base_price = coalesce(given.base_price, decisions.base_price),
    shelf_price = coalesce(given.shelf_price, decisions.shelf_price)
FROM unnest(%(decision_id)b::text[], %(state)b::text[], %(old_base_price)b::bigint[], %(base_price)b::bigint[],
    %(shelf_price)b::bigint[], %(reason)b::text[], %(settled_at)b::text[])
    AS given (decision_id, state, old_base_price, base_price, shelf_price, reason, settled_at)
WHERE decisions.decision_id = given.decision_id::uuid

-- name: references_told
-- description: The last reference price of items in weeks, no week of an item twice; as reference_found.
INSERT INTO weeks (store_id, item_key, week, reference)
SELECT %(store_id)s, item_key, week, reference
FROM unnest(%(item_key)b::text[], %(week)b::date[], %(reference)b::bigint[]) AS given (item_key, week, reference)
ORDER BY item_key, week
ON CONFLICT (store_id, item_key, week) DO UPDATE SET reference = excluded.reference

-- name: items_shown
-- description: The prices that our writes left on items which are not otherwise told of; as decisions_reported.
UPDATE items SET base_price = given.base_price, shelf_price = given.shelf_price
FROM unnest(%(item_key)b::text[], %(base_price)b::bigint[], %(shelf_price)b::bigint[])
    AS given (item_key, base_price, shelf_price)
WHERE items.store_id = %(store_id)s AND items.item_key = given.item_key

-- name: weeks_told
-- description: What a shopper saw of items on the days of weeks, no week of an item twice; as shelf_seen.
INSERT INTO weeks (store_id, item_key, week, prices, stocked)
SELECT %(store_id)s, item_key, week, ARRAY[p1, p2, p3, p4, p5, p6, p7], ARRAY[s1, s2, s3, s4, s5, s6, s7]
FROM unnest(%(item_key)b::text[], %(week)b::date[],
    %(p1)b::bigint[], %(p2)b::bigint[], %(p3)b::bigint[], %(p4)b::bigint[], %(p5)b::bigint[], %(p6)b::bigint[],
    %(p7)b::bigint[], %(s1)b::boolean[], %(s2)b::boolean[], %(s3)b::boolean[], %(s4)b::boolean[], %(s5)b::boolean[],
    %(s6)b::boolean[], %(s7)b::boolean[]
) AS given (item_key, week, p1, p2, p3, p4, p5, p6, p7, s1, s2, s3, s4, s5, s6, s7)
ORDER BY item_key, week
ON CONFLICT (store_id, item_key, week) DO UPDATE SET (prices, stocked) = (
    SELECT array_agg(coalesce(new.price, old.price) ORDER BY place),
        array_agg(coalesce(new.stocked, old.stocked) ORDER BY place)
    FROM unnest(excluded.prices, excluded.stocked) WITH ORDINALITY AS new (price, stocked, place)
    JOIN unnest(weeks.prices, weeks.stocked) WITH ORDINALITY AS old (price, stocked, place) USING (place)
)
