-- What the audit's pages read of our own tables. Every query names the store first.

-- name: timeline
-- description: A page of the timeline, newest first.
SELECT activity.store_id, event_id, service, at, kind, activity.item_key, items.name AS item_name, said_ar, said_en,
    actor
FROM activity LEFT JOIN items ON items.store_id = activity.store_id AND items.item_key = activity.item_key
WHERE activity.store_id = %(store_id)s
    AND (%(kind)s::text IS NULL OR kind = %(kind)s) AND (%(item)s::text IS NULL OR activity.item_key = %(item)s)
    AND (%(actor)s::text IS NULL OR actor = %(actor)s)
    AND (%(since)s::timestamptz IS NULL OR at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR at < %(until)s)
    AND (%(at)s::timestamptz IS NULL OR (at, service, event_id) < (%(at)s, %(service)s::text, %(event_id)s::text))
ORDER BY at DESC, service DESC, event_id DESC LIMIT %(limit)s

-- name: applied
-- description: A page of prices that were written and read back, newest first.
SELECT prices.store_id, prices.item_key, items.name AS item_name, items.currency, event_id, at, prices.shelf_price,
    decision_id
FROM prices LEFT JOIN items ON items.store_id = prices.store_id AND items.item_key = prices.item_key
WHERE prices.store_id = %(store_id)s AND cause = 'applied'
    AND (%(item)s::text IS NULL OR prices.item_key = %(item)s)
    AND (%(at)s::timestamptz IS NULL OR (at, event_id) < (%(at)s, %(event_id)s::text))
ORDER BY at DESC, event_id DESC LIMIT %(limit)s

-- name: applied_one
-- description: One of them.
SELECT prices.store_id, prices.item_key, items.name AS item_name, items.currency, event_id, at, prices.shelf_price,
    decision_id
FROM prices LEFT JOIN items ON items.store_id = prices.store_id AND items.item_key = prices.item_key
WHERE prices.store_id = %(store_id)s AND event_id = %(event_id)s AND cause = 'applied'

-- name: names
-- description: What items are called.
SELECT item_key, name FROM items WHERE store_id = %(store_id)s AND item_key = ANY (%(keys)s)

-- name: kinds
-- description: The kinds that a store's timeline has, by name: one step in the index for each.
WITH RECURSIVE found (kind) AS (
    SELECT min(kind) FROM activity WHERE store_id = %(store_id)s
    UNION ALL
    SELECT (SELECT min(kind) FROM activity WHERE store_id = %(store_id)s AND kind > found.kind)
    FROM found WHERE found.kind IS NOT NULL
)
SELECT kind FROM found WHERE kind IS NOT NULL ORDER BY kind
