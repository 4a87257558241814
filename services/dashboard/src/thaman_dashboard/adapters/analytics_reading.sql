-- What the analytics pages read. Every query names the store first. Within one per cent of the reference is at it.

-- name: standings
-- description: Items with a fresh usable offer, by their distance from the reference of their latest run.
SELECT * FROM (
    SELECT items.item_key, items.name, items.currency, items.shelf_price, held.reference,
        round((items.shelf_price - held.reference) * 10000.0 / held.reference)::int AS distance_bp,
        CASE WHEN abs(items.shelf_price - held.reference) * 100 <= held.reference THEN 'at'
            WHEN items.shelf_price < held.reference THEN 'below' ELSE 'above' END AS position
    FROM items
    JOIN held USING (store_id, item_key)
    JOIN stores USING (store_id)
    WHERE store_id = %(store_id)s AND NOT has_variants AND status <> 'deleted' AND items.shelf_price IS NOT NULL
        AND held.reference > 0 AND EXISTS (
            SELECT FROM offers WHERE offers.store_id = items.store_id AND offers.item_key = items.item_key
                AND fitness = 'usable'
                AND observed_at > %(now)s - make_interval(mins => (stores.settings ->> 'offer_max_age_minutes')::int)
        )
) AS standing
WHERE (%(position)s::text IS NULL OR position = %(position)s)
    AND (%(far)s::int IS NULL OR (abs(distance_bp), item_key) < (%(far)s, %(key)s::text))
ORDER BY abs(distance_bp) DESC, item_key DESC LIMIT %(limit)s

-- name: counts_by
-- description: The same items counted by category or brand.
SELECT CASE %(column)s WHEN 'brand' THEN brand ELSE category END AS named,
    count(*) FILTER (WHERE abs(distance) * 100 > reference AND distance < 0) AS below,
    count(*) FILTER (WHERE abs(distance) * 100 <= reference) AS at,
    count(*) FILTER (WHERE abs(distance) * 100 > reference AND distance > 0) AS above
FROM (
    SELECT items.brand, items.category, held.reference, items.shelf_price - held.reference AS distance
    FROM items
    JOIN held USING (store_id, item_key)
    JOIN stores USING (store_id)
    WHERE store_id = %(store_id)s AND NOT has_variants AND status <> 'deleted' AND items.shelf_price IS NOT NULL
        AND held.reference > 0 AND EXISTS (
            SELECT FROM offers WHERE offers.store_id = items.store_id AND offers.item_key = items.item_key
                AND fitness = 'usable'
                AND observed_at > %(now)s - make_interval(mins => (stores.settings ->> 'offer_max_age_minutes')::int)
        )
) AS standing
GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT %(limit)s

-- name: week_count
-- description: Items by where the last run of a week found them.
SELECT count(*) FILTER (WHERE abs(shelf_price - reference) * 100 > reference AND shelf_price < reference) AS below,
    count(*) FILTER (WHERE abs(shelf_price - reference) * 100 <= reference) AS at,
    count(*) FILTER (WHERE abs(shelf_price - reference) * 100 > reference AND shelf_price > reference) AS above
FROM market_weeks
WHERE store_id = %(store_id)s AND week = %(week)s AND shelf_price IS NOT NULL AND reference > 0

-- name: week_link
-- description: How prices changed from the week before, over items with both prices in both.
SELECT count(*)::int AS items, avg(ln(later.shelf_price::float8 / earlier.shelf_price)) AS own,
    avg(ln(later.reference::float8 / earlier.reference)) AS rivals
FROM market_weeks AS later
JOIN market_weeks AS earlier ON earlier.store_id = later.store_id AND earlier.item_key = later.item_key
WHERE later.store_id = %(store_id)s AND later.week = %(week)s AND earlier.week = %(week)s - 7
    AND least(later.shelf_price, later.reference, earlier.shelf_price, earlier.reference) > 0
    AND later.shelf_price IS NOT NULL AND later.reference IS NOT NULL
    AND earlier.shelf_price IS NOT NULL AND earlier.reference IS NOT NULL

-- name: movements
-- description: Rivals whose prices changed, most changes first.
SELECT competitor, count(DISTINCT item_key)::int AS items,
    count(*) FILTER (WHERE new_price > old_price)::int AS rises,
    count(*) FILTER (WHERE new_price < old_price)::int AS falls,
    round((percentile_cont(0.5) WITHIN GROUP (ORDER BY ((new_price - old_price) * 10000)::float8 / old_price))::numeric)::int
        AS median_bp,
    max(observed_at) AS last_at
FROM offer_moves
WHERE store_id = %(store_id)s AND observed_at >= %(since)s AND old_price > 0
GROUP BY competitor ORDER BY count(*) DESC, competitor LIMIT %(limit)s

-- name: controlled_weeks
-- description: The weeks with a control share: one step in the index for each.
WITH RECURSIVE found (week) AS (
    SELECT min(week) FROM market_weeks WHERE store_id = %(store_id)s AND controlled
    UNION ALL
    SELECT (SELECT min(week) FROM market_weeks WHERE store_id = %(store_id)s AND controlled AND week > found.week)
    FROM found WHERE found.week IS NOT NULL
)
SELECT week FROM found WHERE week IS NOT NULL ORDER BY week

-- name: first_sale
-- description: The week of the first sale.
SELECT min(week) AS week FROM sales_weeks WHERE store_id = %(store_id)s AND units > 0

-- name: sold_stamp
-- description: Another one whenever `sold` may find anything else: an order that is told again, or in another week, has
-- another place in its log, and so has what a run found of an item.
SELECT orders.*, market.* FROM (
    SELECT count(*) AS orders, sum(told) AS orders_told FROM orders
    WHERE store_id = %(store_id)s AND week >= %(earliest)s AND week <= %(latest)s
) AS orders, (
    SELECT count(*) AS items, sum(told) AS items_told FROM market_weeks
    WHERE store_id = %(store_id)s AND week IN (%(first)s, %(last)s)
) AS market

-- name: sold
-- description: Products of the first and the last week after, on which side each is, and their sales in both windows.
-- By item first, which its index and its statistics know, and only then by product.
WITH found AS MATERIALIZED (
    SELECT item_key, bool_and(controlled) AS always, bool_or(controlled) AS ever, bool_or(week = %(first)s) AS at_first,
        bool_or(week = %(last)s) AS at_last
    FROM market_weeks WHERE store_id = %(store_id)s AND week IN (%(first)s, %(last)s)
    GROUP BY item_key
), sold AS MATERIALIZED (
    SELECT item_key,
        sum(paid) FILTER (WHERE week < %(begins)s) AS paid_before,
        sum(cost) FILTER (WHERE week < %(begins)s) AS cost_before,
        sum(paid) FILTER (WHERE week > %(begins)s) AS paid_after,
        sum(cost) FILTER (WHERE week > %(begins)s) AS cost_after,
        bool_or(units <> paid_units OR units <> costed_units) FILTER (WHERE week < %(begins)s) AS unknown_before,
        bool_or(units <> paid_units OR units <> costed_units) FILTER (WHERE week > %(begins)s) AS unknown_after
    FROM sales_weeks
    WHERE store_id = %(store_id)s AND week >= %(earliest)s AND week <= %(latest)s AND week <> %(begins)s
    GROUP BY item_key
), sides AS (
    SELECT split_part(item_key, '/', 1) AS product, bool_and(always) AS controlled,
        bool_and(always) <> bool_or(ever) OR NOT bool_or(at_first) OR NOT bool_or(at_last) AS is_apart
    FROM found GROUP BY 1
), sales AS (
    SELECT split_part(item_key, '/', 1) AS product, sum(paid_before)::bigint AS paid_before,
        sum(cost_before)::bigint AS cost_before, sum(paid_after)::bigint AS paid_after,
        sum(cost_after)::bigint AS cost_after, bool_or(unknown_before) AS unknown_before,
        bool_or(unknown_after) AS unknown_after
    FROM sold GROUP BY 1
)
SELECT controlled, is_apart,
    CASE WHEN unknown_before IS NOT TRUE THEN coalesce(paid_before, 0) END AS paid_before,
    CASE WHEN unknown_before IS NOT TRUE THEN coalesce(cost_before, 0) END AS cost_before,
    CASE WHEN unknown_after IS NOT TRUE THEN coalesce(paid_after, 0) END AS paid_after,
    CASE WHEN unknown_after IS NOT TRUE THEN coalesce(cost_after, 0) END AS cost_after
FROM sides LEFT JOIN sales USING (product)
