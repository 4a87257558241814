-- Catalogue and orders as they are known.

-- name: store
-- description: What reading and writing need to know of a store, with the database's time and Riyadh's day.
SELECT s.store_id, s.version, s.connected, s.installed, s.paused, s.fence + coalesce(y.system_fence, 0) AS fence,
    coalesce((y.settings ->> 'stopped')::boolean, false) AS stopped,
    s.settings, s.settings_version, s.prices_include_vat, s.vat_bp, s.currency,
    s.entitled AND (s.entitlement_ends_on IS NULL
        OR s.entitlement_ends_on >= (now() AT TIME ZONE 'Asia/Riyadh')::date) AS entitled,
    clock_timestamp() AS now,
    (SELECT extract(epoch FROM b.blocked_until - now())::float8 FROM call_blocks b WHERE b.store_id = s.store_id)
        AS blocked_seconds
FROM stores s LEFT JOIN system_settings y ON true
WHERE s.store_id = %(store_id)s

-- name: known
-- description: Some items as they are known.
SELECT i.key, i.content, i.taxable, i.digest, i.last_written, i.write_version, i.removed,
    (SELECT (d.decision ->> 'base_price')::bigint FROM decisions d WHERE d.store_id = i.store_id AND d.key = i.key
        AND d.state IN ('started', 'uncertain') LIMIT 1) AS writing
FROM items i WHERE i.store_id = %(store_id)s AND i.key = ANY(%(keys)s)

-- name: known_of_products
-- description: All items of some products as they are known.
SELECT i.key, i.content, i.taxable, i.digest, i.last_written, i.write_version, i.removed,
    (SELECT (d.decision ->> 'base_price')::bigint FROM decisions d WHERE d.store_id = i.store_id AND d.key = i.key
        AND d.state IN ('started', 'uncertain') LIMIT 1) AS writing
FROM items i WHERE i.store_id = %(store_id)s AND i.product_id = ANY(%(products)s)

-- name: versions
-- description: The write version of each item of a store.
SELECT key, product_id, write_version, removed FROM items WHERE store_id = %(store_id)s

-- name: expect_versions
-- description: Hold the items still until commit; returns those whose write version is the one that was read.
SELECT items.key FROM items
JOIN unnest(%(keys)s::text[], %(versions)s::int[]) AS seen (key, version) ON seen.key = items.key
WHERE items.store_id = %(store_id)s AND items.write_version = seen.version
FOR UPDATE OF items

-- name: upsert_items
-- description: Items as they were seen, in the order of their keys.
INSERT INTO items (store_id, key, product_id, variant_id, sku, content, digest, taxable, base_price)
SELECT %(store_id)s, seen.key, seen.product_id, seen.variant_id, seen.sku, seen.content::jsonb, seen.digest,
    seen.taxable, seen.base_price
FROM unnest(%(keys)b::text[], %(products)b::text[], %(variants)b::text[], %(skus)b::text[], %(contents)b::text[],
    %(digests)b::text[], %(taxables)b::boolean[], %(base_prices)b::bigint[])
    AS seen (key, product_id, variant_id, sku, content, digest, taxable, base_price)
ON CONFLICT (store_id, key) DO UPDATE SET sku = excluded.sku, content = excluded.content, digest = excluded.digest,
    taxable = excluded.taxable, base_price = excluded.base_price, removed = false

-- name: remove_items
-- description: Items that are gone stay as tombstones.
UPDATE items SET removed = true WHERE store_id = %(store_id)s AND key = ANY(%(keys)s)

-- name: note_unreadable
-- description: Keep what could not be read.
INSERT INTO unreadable_items (store_id, product_id, reason) VALUES (%(store_id)s, %(product_id)s, %(reason)s)
ON CONFLICT (store_id, product_id) DO UPDATE SET reason = excluded.reason, seen_at = now(),
    times = unreadable_items.times + 1

-- name: forget_unreadable
-- description: Products that can be read (again).
DELETE FROM unreadable_items WHERE store_id = %(store_id)s AND product_id = ANY(%(products)s)

-- name: add_hint
-- description: A webhook says that a product changed; a later hint takes a later number.
INSERT INTO product_hints (store_id, product_id) VALUES (%(store_id)s, %(product_id)s)
ON CONFLICT (store_id, product_id) DO UPDATE SET hint = DEFAULT

-- name: hints
-- description: The products to look at.
SELECT product_id, hint FROM product_hints WHERE store_id = %(store_id)s ORDER BY hint

-- name: drop_hints
-- description: Hints up to the number that was there before the look began.
DELETE FROM product_hints WHERE store_id = %(store_id)s AND hint <= %(hint)s
    AND (%(products)s::text[] IS NULL OR product_id = ANY(%(products)s))

-- name: by_sku
-- description: Which items carry these SKUs.
SELECT sku, product_id, variant_id FROM items
WHERE store_id = %(store_id)s AND sku = ANY(%(skus)s) AND NOT removed ORDER BY key

-- name: orders
-- description: Some orders as they are known.
SELECT order_id, version, state, head_digest, content, refunded, observed_at, provider_time FROM orders
WHERE store_id = %(store_id)s AND order_id = ANY(%(orders)s)

-- name: upsert_order
-- description: An order's present state.
INSERT INTO orders (store_id, order_id, version, state, head_digest, content, refunded, provider_time)
VALUES (%(store_id)s, %(order_id)s, %(version)s, %(state)s, %(head_digest)s, %(content)s::jsonb, %(refunded)s,
    %(provider_time)s)
ON CONFLICT (store_id, order_id) DO UPDATE SET version = excluded.version, state = excluded.state,
    head_digest = coalesce(excluded.head_digest, orders.head_digest), content = excluded.content,
    refunded = excluded.refunded, provider_time = excluded.provider_time, observed_at = clock_timestamp()

-- name: swept_at
-- description: When the store's orders were swept last.
SELECT swept_at FROM order_sweeps WHERE store_id = %(store_id)s

-- name: orders_swept
-- description: The store's orders were swept.
INSERT INTO order_sweeps (store_id, swept_at) VALUES (%(store_id)s, %(swept_at)s)
ON CONFLICT (store_id) DO UPDATE SET swept_at = excluded.swept_at

-- name: block
-- description: Do not call for this store for a while; each further block is twice as long, up to a day.
INSERT INTO call_blocks (store_id, blocked_until, reason)
VALUES (%(store_id)s, now() + %(seconds)s * interval '1 second', %(reason)s)
ON CONFLICT (store_id) DO UPDATE SET times = call_blocks.times + 1, reason = excluded.reason,
    blocked_until = now() + least(%(seconds)s * 2.0 ^ least(call_blocks.times, 10), 86400) * interval '1 second'

-- name: unblock
-- description: Salla answers again.
DELETE FROM call_blocks WHERE store_id = %(store_id)s

-- name: stored_page
-- description: Priced items of a store after a key.
SELECT i.key, i.content, i.taxable, i.digest, i.last_written, i.write_version, i.removed,
    (SELECT (d.decision ->> 'base_price')::bigint FROM decisions d WHERE d.store_id = i.store_id AND d.key = i.key
        AND d.state IN ('started', 'uncertain') LIMIT 1) AS writing
FROM items i
WHERE i.store_id = %(store_id)s AND i.key > %(after)s AND NOT i.removed AND NOT (i.content ->> 'has_variants')::boolean
ORDER BY i.key LIMIT %(limit)s

-- name: products
-- description: How many products a store has, as far as known.
SELECT count(DISTINCT product_id)::int AS products FROM items WHERE store_id = %(store_id)s AND NOT removed

-- name: now
-- description: The database's time.
SELECT clock_timestamp() AS now

-- name: all_versions
-- description: Every item's write version, which no event tells.
SELECT store_id, key, write_version FROM items WHERE write_version > 0

-- name: restore_version
-- description: An item's write version, kept over a rebuild.
UPDATE items SET write_version = %(write_version)s WHERE store_id = %(store_id)s AND key = %(key)s

-- name: wipe_items
-- description: Empty the read model of items.
DELETE FROM items

-- name: wipe_orders
-- description: Empty the read model of orders.
DELETE FROM orders
