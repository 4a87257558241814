-- What the pages of products read. Every query names the store first.

-- name: holds
-- description: When runs began to hold an item's price, oldest first.
SELECT at, run_id, reason, reason_ar, reason_en FROM holds
WHERE store_id = %(store_id)s AND item_key = %(item_key)s AND at > %(since)s ORDER BY told

-- name: links
-- description: Rivals' links of an item.
SELECT links FROM links WHERE store_id = %(store_id)s AND item_key = %(item_key)s

-- name: applied_event
-- description: The event of a decision's write.
SELECT event_id FROM prices
WHERE store_id = %(store_id)s AND decision_id = %(decision_id)s AND cause = 'applied' ORDER BY at DESC LIMIT 1

-- name: sheet_items
-- description: All items that have a price of their own, for a sheet.
SELECT item_key, sku, name, currency, shelf_price AS price, cost AS salla_cost, own_cost AS cost, min_price, max_price,
    locked
FROM items WHERE store_id = %(store_id)s AND seen_at IS NOT NULL AND NOT has_variants AND status <> 'deleted'
ORDER BY left(name, 100), item_key

-- name: keep_sheet
-- description: A sheet, or what became of it.
WITH old AS (DELETE FROM sheets WHERE at < %(until)s)
INSERT INTO sheets (store_id, sheet_id, session_hash, at, document)
VALUES (%(store_id)s, %(sheet_id)s, %(session_hash)s, %(at)s, %(document)s::jsonb)
ON CONFLICT (store_id, sheet_id) DO UPDATE SET document = excluded.document

-- name: sheet
-- description: One sheet.
SELECT sheet_id, session_hash, at, document FROM sheets WHERE store_id = %(store_id)s AND sheet_id = %(sheet_id)s
