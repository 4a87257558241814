-- What the pages read. Every query names the store first.

-- name: system
-- description: The installation, and when the worker last was there.
SELECT coalesce(stopped, false) AS stopped, coalesce(system_fence, 0) AS system_fence,
    (SELECT at FROM pulse) AS pulse_at
FROM (SELECT) AS always LEFT JOIN system ON true

-- name: store
-- description: A store whose authorisation was heard.
SELECT store_id, name, domain, currency, prices_include_vat, vat_bp, plan, connected, needs_reauthorization, paused,
    pause_reason, pause_reason_ar, entitlement, entitlement_ends_on, settings, settings_version, forgotten, heard_at
FROM stores WHERE store_id = %(store_id)s AND settings IS NOT NULL

-- name: counts
-- description: A store's counts at one moment.
SELECT
    (SELECT heard_at FROM stores WHERE store_id = %(store_id)s) AS heard_at,
    items.items, items.priced, items.held, pending.pending, pending.pending_high, applied.*,
    (SELECT count(*) FROM decisions WHERE store_id = %(store_id)s AND state = 'uncertain') AS uncertain
FROM (
    SELECT count(*) AS items,
        count(*) FILTER (WHERE status = 'sale' AND coalesce(own_cost, cost) IS NOT NULL AND NOT locked) AS priced,
        count(*) FILTER (WHERE held.reason <> 'result/already_right') AS held
    FROM items LEFT JOIN held USING (store_id, item_key)
    WHERE store_id = %(store_id)s AND seen_at IS NOT NULL AND NOT has_variants AND status <> 'deleted'
) AS items, (
    SELECT count(*) AS pending, count(*) FILTER (WHERE risk = 'high') AS pending_high
    FROM proposals WHERE store_id = %(store_id)s AND state = 'pending' AND disposition = 'ask' AND NOT EXISTS (
        SELECT FROM answers WHERE answers.store_id = proposals.store_id
            AND answers.proposal_id = proposals.proposal_id AND answers.state IN ('waiting', 'sending', 'done')
    )
) AS pending, (
    SELECT count(*) FILTER (WHERE settled_at > %(now)s - interval '24 hours') AS changes_24h, count(*) AS changes_7d,
        sum(expected)::bigint AS expected_week, count(*) FILTER (WHERE expected IS NULL) AS expected_unknown
    FROM decisions
    WHERE decisions.store_id = %(store_id)s AND decisions.state = 'applied'
        AND settled_at > %(now)s - interval '7 days' AND settled_at <= %(now)s
) AS applied

-- name: positions
-- description: How many items with a fresh usable offer stand below, at and above the reference of their latest run.
SELECT CASE WHEN abs(items.shelf_price - held.reference) * 100 <= held.reference THEN 'at'
        WHEN items.shelf_price < held.reference THEN 'below' ELSE 'above' END AS position, count(*) AS count
FROM items
JOIN held USING (store_id, item_key)
JOIN stores USING (store_id)
WHERE store_id = %(store_id)s AND NOT has_variants AND status <> 'deleted' AND items.shelf_price IS NOT NULL
    AND held.reference IS NOT NULL AND EXISTS (
        SELECT FROM offers WHERE offers.store_id = items.store_id AND offers.item_key = items.item_key
            AND fitness = 'usable'
            AND observed_at > %(now)s - make_interval(mins => (stores.settings ->> 'offer_max_age_minutes')::int)
    )
GROUP BY 1

-- name: proposals_waiting
-- description: A page of proposals that somebody has to answer, by when they expire.
SELECT proposals.*, items.name AS item_name
FROM proposals LEFT JOIN items USING (store_id, item_key)
WHERE store_id = %(store_id)s AND state = 'pending' AND disposition = 'ask'
    AND (%(risk)s::text IS NULL OR risk = %(risk)s) AND (%(item)s::text IS NULL OR item_key = %(item)s)
    AND (%(pattern)s::text IS NULL OR items.name ILIKE %(pattern)s OR sku ILIKE %(pattern)s
        OR item_key ILIKE %(pattern)s)
    AND (%(at)s::timestamptz IS NULL OR (expires_at, proposal_id) > (%(at)s, %(id)s::uuid))
ORDER BY expires_at, proposal_id LIMIT %(limit)s

-- name: proposals
-- description: A page of proposals, newest first.
SELECT proposals.*, items.name AS item_name
FROM proposals LEFT JOIN items USING (store_id, item_key)
WHERE store_id = %(store_id)s AND (%(state)s::text IS NULL OR state = %(state)s)
    AND (%(risk)s::text IS NULL OR risk = %(risk)s) AND (%(item)s::text IS NULL OR item_key = %(item)s)
    AND (%(pattern)s::text IS NULL OR items.name ILIKE %(pattern)s OR sku ILIKE %(pattern)s
        OR item_key ILIKE %(pattern)s)
    AND (%(at)s::timestamptz IS NULL OR (proposed_at, proposal_id) < (%(at)s, %(id)s::uuid))
ORDER BY proposed_at DESC, proposal_id DESC LIMIT %(limit)s

-- name: proposal
-- description: One proposal.
SELECT proposals.*, items.name AS item_name
FROM proposals LEFT JOIN items USING (store_id, item_key)
WHERE store_id = %(store_id)s AND proposal_id = %(proposal_id)s

-- name: items
-- description: Items that a list asks for; items_by_name or items_by_number goes on. The margin is the share of the price
-- without VAT, in basis points; where an item stands is told as on the overview. What waits is looked up for the page's
-- own items alone, and for a filter once for all of them.
SELECT page.*, (
    SELECT proposals.risk FROM proposals
    WHERE proposals.store_id = page.store_id AND proposals.item_key = page.item_key AND state = 'pending'
        AND disposition = 'ask'
    ORDER BY proposed_at DESC, proposal_id LIMIT 1
) AS risk
FROM (
    SELECT items.*, one.margin_bp, coalesce(CASE %(order)s::text WHEN 'price' THEN items.shelf_price
        WHEN 'price_desc' THEN -items.shelf_price WHEN 'margin' THEN one.margin_bp
        WHEN 'margin_desc' THEN -one.margin_bp END, 9007199254740991) AS sorted_by
    FROM items JOIN stores USING (store_id)
    CROSS JOIN LATERAL (
        SELECT 10000 - coalesce(own_cost, cost) * (10000 + stores.vat_bp) / nullif(items.shelf_price, 0) AS margin_bp
    ) AS one
    WHERE store_id = %(store_id)s AND seen_at IS NOT NULL AND NOT has_variants
        AND CASE WHEN %(status)s::text IS NULL THEN status <> 'deleted' ELSE status = %(status)s END
        AND (%(risk)s::text IS NULL OR item_key IN (
            SELECT waiting.item_key FROM (
                SELECT DISTINCT ON (proposals.item_key) proposals.item_key, proposals.risk FROM proposals
                WHERE proposals.store_id = %(store_id)s AND state = 'pending' AND disposition = 'ask'
                ORDER BY proposals.item_key, proposed_at DESC, proposal_id
            ) AS waiting WHERE waiting.risk = %(risk)s
        ))
        AND (%(locked)s::boolean IS NULL OR locked = %(locked)s)
        AND (%(pattern)s::text IS NULL OR items.name ILIKE %(pattern)s OR sku ILIKE %(pattern)s
            OR item_key ILIKE %(pattern)s)
        AND (%(cost)s::boolean IS NULL OR (coalesce(own_cost, cost) IS NOT NULL) = %(cost)s)
        AND (%(waiting)s::boolean IS NULL OR %(waiting)s = (item_key IN (
            SELECT proposals.item_key FROM proposals
            WHERE proposals.store_id = %(store_id)s AND state = 'pending' AND disposition = 'ask'
        )))
        AND (%(brand)s::text IS NULL OR brand ILIKE %(brand)s)
        AND (%(category)s::text IS NULL OR category ILIKE %(category)s)
        AND (%(market)s::text IS NULL OR item_key IN (
            SELECT held.item_key FROM held
            JOIN items AS stands ON stands.store_id = held.store_id AND stands.item_key = held.item_key
            JOIN stores AS its ON its.store_id = held.store_id
            WHERE held.store_id = %(store_id)s AND held.reference IS NOT NULL AND stands.shelf_price IS NOT NULL
                AND CASE WHEN abs(stands.shelf_price - held.reference) * 100 <= held.reference THEN 'at'
                    WHEN stands.shelf_price < held.reference THEN 'below' ELSE 'above' END = %(market)s
                AND EXISTS (
                    SELECT FROM offers
                    WHERE offers.store_id = held.store_id AND offers.item_key = held.item_key AND fitness = 'usable'
                        AND observed_at > %(now)s::timestamptz
                            - make_interval(mins => (its.settings ->> 'offer_max_age_minutes')::int)
                )
        ))

-- name: items_by_name
-- description: The rest of a page of items by name.
        AND (%(name)s::text IS NULL OR (left(items.name, 100), item_key) > (%(name)s, %(key)s::text))
    ORDER BY left(items.name, 100), item_key LIMIT %(limit)s
) AS page ORDER BY left(page.name, 100), page.item_key

-- name: items_by_number
-- description: The rest of a page of items by price or margin, those without one at the end.
    ORDER BY sorted_by, item_key
) AS page
WHERE %(place)s::bigint IS NULL OR (page.sorted_by, page.item_key) > (%(place)s, %(key)s::text)
ORDER BY page.sorted_by, page.item_key LIMIT %(limit)s

-- name: item
-- description: One item that was seen.
SELECT items.*, (
    SELECT risk FROM proposals
    WHERE proposals.store_id = items.store_id AND proposals.item_key = items.item_key AND state = 'pending'
        AND disposition = 'ask'
    ORDER BY proposed_at DESC, proposal_id LIMIT 1
) AS risk, NULL::bigint AS margin_bp
FROM items WHERE store_id = %(store_id)s AND item_key = %(item_key)s AND seen_at IS NOT NULL

-- name: prices
-- description: The steps of an item's price from an instant on, and the one that stood then, oldest first.
WITH later AS (
    SELECT * FROM prices WHERE store_id = %(store_id)s AND item_key = %(item_key)s AND at > %(since)s
), standing AS (
    SELECT * FROM prices WHERE store_id = %(store_id)s AND item_key = %(item_key)s AND at <= %(since)s
    ORDER BY at DESC, told DESC LIMIT 1
)
SELECT store_id, item_key, at, event_id, shelf_price, cause, decision_id
FROM (SELECT * FROM standing UNION ALL SELECT * FROM later) AS steps ORDER BY at, told

-- name: offers
-- description: What each page said last, cheapest first.
SELECT store_id, item_key, url, competitor, price, currency, fitness, in_stock, confidence_bp, observed_at
FROM offers WHERE store_id = %(store_id)s AND item_key = %(item_key)s ORDER BY price NULLS LAST, url

-- name: offer_points
-- description: Usable prices by page, oldest first.
SELECT store_id, item_key, url, offers.competitor, offer_points.observed_at, offer_points.price
FROM offer_points JOIN offers USING (store_id, item_key, url)
WHERE store_id = %(store_id)s AND item_key = %(item_key)s AND offer_points.observed_at >= %(since)s
ORDER BY url, offer_points.observed_at

-- name: held
-- description: Why the latest run left a price.
SELECT store_id, item_key, reason, reason_ar, reason_en, at, run_id
FROM held WHERE store_id = %(store_id)s AND item_key = %(item_key)s AND reason IS NOT NULL

-- name: decisions
-- description: An item's decisions, newest first.
SELECT decisions.*, proposals.expected
FROM decisions LEFT JOIN proposals USING (store_id, proposal_id)
WHERE decisions.store_id = %(store_id)s AND decisions.item_key = %(item_key)s
ORDER BY decisions.at DESC, decision_id DESC LIMIT %(limit)s

-- name: decision_of
-- description: The decision that a proposal became.
SELECT decisions.*, proposals.expected
FROM decisions LEFT JOIN proposals USING (store_id, proposal_id)
WHERE decisions.store_id = %(store_id)s AND decisions.proposal_id = %(proposal_id)s

-- name: runs
-- description: A page of runs, latest first.
SELECT * FROM runs
WHERE store_id = %(store_id)s AND (%(at)s::timestamptz IS NULL OR (at, run_id) < (%(at)s, %(id)s::uuid))
ORDER BY at DESC, run_id DESC LIMIT %(limit)s

-- name: run
-- description: One run.
SELECT * FROM runs WHERE store_id = %(store_id)s AND run_id = %(run_id)s

-- name: activity
-- description: A page of the timeline, newest first.
SELECT activity.store_id, event_id, service, at, kind, activity.item_key, items.name AS item_name, said_ar, said_en,
    actor
FROM activity LEFT JOIN items ON items.store_id = activity.store_id AND items.item_key = activity.item_key
WHERE activity.store_id = %(store_id)s
    AND (%(kind)s::text IS NULL OR kind = %(kind)s) AND (%(item)s::text IS NULL OR activity.item_key = %(item)s)
    AND (%(at)s::timestamptz IS NULL OR (at, service, event_id) < (%(at)s, %(service)s::text, %(event_id)s::text))
ORDER BY at DESC, service DESC, event_id DESC LIMIT %(limit)s
