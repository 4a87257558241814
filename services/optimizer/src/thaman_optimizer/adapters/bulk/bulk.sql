-- Rows of a long history, many at once, into tables that are only filled and then read as a whole.

-- name: prepare
-- description: Documents of proposals and decisions stay the bytes that they are until somebody reads them; to take them apart
-- is most of the work. What comes too late for its row waits beside the tables. At the end statements go over whole tables,
-- however large they are.
SET statement_timeout = 0;
ALTER TABLE proposals ALTER COLUMN document TYPE bytea USING convert_to(document::text, 'UTF8');
ALTER TABLE proposals RENAME TO proposals_told;
CREATE VIEW proposals AS
SELECT proposal_id, store_id, run_id, item_key, product_id, variant_id, state, risk, disposition, proposed_at, expires_at,
    closed_at, closed_by, close_reason, convert_from(document, 'UTF8')::json AS document
FROM proposals_told;
ALTER TABLE decisions ALTER COLUMN document TYPE bytea USING convert_to(document::text, 'UTF8');
ALTER TABLE decisions RENAME TO decisions_told;
CREATE VIEW decisions AS
SELECT decision_id, store_id, run_id, item_key, product_id, variant_id, state, decided_at, decided_by, old_base_price,
    base_price, shelf_price, reason, settled_at, convert_from(document, 'UTF8')::json AS document
FROM decisions_told;
CREATE UNLOGGED TABLE late_closings AS SELECT proposal_id, state, closed_at, closed_by, close_reason FROM proposals_told;
CREATE UNLOGGED TABLE late_reports AS
SELECT decision_id, state, old_base_price, base_price, shelf_price, reason, settled_at FROM decisions_told

-- name: keep_apart
-- description: What is told twice is refused, when all is told: to look for each as it comes is a third of the work.
ALTER TABLE proposals_told ADD PRIMARY KEY (proposal_id);
ALTER TABLE decisions_told ADD PRIMARY KEY (decision_id)

-- name: told_late
-- description: What was said of proposals and decisions after their own page; as proposal_closed and decisions_reported.
UPDATE proposals_told AS told SET state = late.state, closed_at = late.closed_at, closed_by = late.closed_by,
    close_reason = late.close_reason
FROM late_closings AS late WHERE told.proposal_id = late.proposal_id;
UPDATE decisions_told AS told SET state = late.state, reason = late.reason, settled_at = late.settled_at,
    old_base_price = coalesce(late.old_base_price, told.old_base_price),
    base_price = coalesce(late.base_price, told.base_price),
    shelf_price = coalesce(late.shelf_price, told.shelf_price)
FROM late_reports AS late WHERE told.decision_id = late.decision_id

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
