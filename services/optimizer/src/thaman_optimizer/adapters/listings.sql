-- Sources of listings, looks into them, and matches. Writes are absolute, so doing one again changes nothing.

-- name: clear_sources
-- description: A store's sources make room for new ones.
DELETE FROM sources WHERE store_id = %(store_id)s

-- name: add_source
-- description: One source.
INSERT INTO sources (store_id, source_id, kind, url, competitor, active)
VALUES (%(store_id)s, %(source_id)s, %(kind)s, %(url)s, %(competitor)s, %(active)s)
ON CONFLICT (store_id, source_id) DO UPDATE SET
    kind = excluded.kind, url = excluded.url, competitor = excluded.competitor, active = excluded.active

-- name: looked
-- description: A look into a source ended.
INSERT INTO looks (look_id, store_id, source_id, outcome, listings, skipped, matched, requests, problems, detail, began_at,
    ended_at)
VALUES (%(look_id)s, %(store_id)s, %(source_id)s, %(outcome)s, %(listings)s, %(skipped)s, %(matched)s, %(requests)s,
    %(problems)s, %(detail)s, %(began_at)s, %(ended_at)s)
ON CONFLICT (look_id) DO NOTHING

-- name: match_found
-- description: What listings are to items, many at once. Answers stay, but for a confirmed listing that now is certainly
-- another thing: it waits for a new answer.
INSERT INTO matches (match_id, store_id, item_key, product_id, variant_id, source_id, competitor, url, title, brand, gtin,
    model, kind, confidence_bp, automatic, why, matcher_version, found_at, state)
SELECT match_id, store_id, item_key, product_id, variant_id, source_id, competitor, url, title, brand, gtin, model, kind,
    confidence_bp, automatic, why, matcher_version, found_at, 'found'
FROM jsonb_to_recordset(%(rows)s::jsonb) AS given (match_id uuid, store_id text, item_key text, product_id text,
    variant_id text, source_id text, competitor text, url text, title text, brand text, gtin text, model text, kind text,
    confidence_bp int, automatic boolean, why text[], matcher_version text, found_at timestamptz)
ON CONFLICT (match_id) DO UPDATE SET
    source_id = excluded.source_id, competitor = excluded.competitor, title = excluded.title, brand = excluded.brand,
    gtin = excluded.gtin, model = excluded.model, kind = excluded.kind, confidence_bp = excluded.confidence_bp,
    automatic = excluded.automatic, why = excluded.why, matcher_version = excluded.matcher_version,
    found_at = excluded.found_at,
    state = CASE WHEN matches.state = 'confirmed' AND excluded.kind = 'conflict' AND matches.kind <> 'conflict'
            THEN 'found' ELSE matches.state END

-- name: match_answered
-- description: What a person said of matches, many at once.
UPDATE matches SET state = given.state, answered_at = given.at, answered_by = given.by, answered_title = given.title
FROM jsonb_to_recordset(%(rows)s::jsonb) AS given (match_id uuid, state text, at timestamptz, by text, title text)
WHERE matches.match_id = given.match_id

-- name: source
-- description: One source of a store.
SELECT source_id, kind, url, competitor, active FROM sources
WHERE store_id = %(store_id)s AND source_id = %(source_id)s

-- name: sources
-- description: A store's sources.
SELECT source_id, kind, url, competitor, active FROM sources WHERE store_id = %(store_id)s ORDER BY source_id

-- name: list_sources
-- description: A store's sources with the last look into each.
SELECT sources.source_id, kind, url, competitor, active, to_jsonb(last) AS last_look
FROM sources
LEFT JOIN LATERAL (
    SELECT look_id, outcome, listings, skipped, matched, requests, problems, detail, began_at, ended_at FROM looks
    WHERE looks.store_id = sources.store_id AND looks.source_id = sources.source_id
    ORDER BY ended_at DESC, look_id LIMIT 1
) AS last ON true
WHERE sources.store_id = %(store_id)s ORDER BY sources.source_id

-- name: sources_due
-- description: Active sources of stores that can be priced, that nobody looked into since an instant.
SELECT sources.store_id, sources.source_id FROM sources JOIN stores USING (store_id)
WHERE sources.active AND stores.installed AND stores.connected AND NOT stores.paused
  AND NOT EXISTS (
    SELECT 1 FROM looks
    WHERE looks.store_id = sources.store_id AND looks.source_id = sources.source_id AND ended_at > %(since)s
  )
ORDER BY sources.store_id, sources.source_id

-- name: is_looked
-- description: Whether a look has ended.
SELECT 1 AS ended FROM looks WHERE look_id = %(look_id)s

-- name: own_products
-- description: A store's priced products as listings are compared with them, those longest not searched for first.
SELECT items.item_key, product_id, variant_id, name, brand, gtin, mpn
FROM items LEFT JOIN searches ON searches.store_id = items.store_id AND searches.item_key = items.item_key
    AND searches.source_id = %(source_id)s
WHERE items.store_id = %(store_id)s AND NOT has_variants AND status <> 'deleted'
ORDER BY searched_at NULLS FIRST, items.item_key

-- name: store_domain
-- description: Where the store itself is on the web.
SELECT domain FROM stores WHERE store_id = %(store_id)s

-- name: matches_known
-- description: All matches of a store as they are judged now, with what was answered.
SELECT match_id, item_key, url, source_id, competitor, title, brand, gtin, model, kind, confidence_bp, automatic, why,
    matcher_version, state, answered_title
FROM matches WHERE store_id = %(store_id)s ORDER BY match_id

-- name: matches_named
-- description: Some matches of a store.
SELECT match_id, product_id, variant_id, url, title, state FROM matches
WHERE store_id = %(store_id)s AND match_id = ANY(%(ids)s) ORDER BY match_id

-- name: matches_meant
-- description: The matches without an answer that a bulk answer means.
SELECT match_id FROM matches
WHERE store_id = %(store_id)s AND state = 'found' AND (%(kind)s::text IS NULL OR kind = %(kind)s)
  AND (%(source_id)s::text IS NULL OR source_id = %(source_id)s) AND confidence_bp >= %(least)s
ORDER BY found_at, match_id LIMIT %(limit)s

-- name: list_matches
-- description: A store's matches, newest first, filtered, from before a cursor.
SELECT matches.*, items.name, found_at AS sorted_at
FROM matches LEFT JOIN items USING (store_id, item_key)
WHERE store_id = %(store_id)s
  AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
  AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s))
  AND (%(source_id)s::text IS NULL OR source_id = %(source_id)s)
  AND (%(item_key)s::text IS NULL OR item_key = %(item_key)s)
  AND (%(before)s::timestamptz IS NULL OR (found_at, match_id) < (%(before)s, %(before_id)s::uuid))
ORDER BY found_at DESC, match_id DESC LIMIT %(limit)s

-- name: one_match
-- description: One match of a store.
SELECT matches.*, items.name FROM matches LEFT JOIN items USING (store_id, item_key)
WHERE store_id = %(store_id)s AND match_id = %(match_id)s

-- name: source_pages
-- description: What is remembered of a source's pages.
SELECT url, etag, last_modified, listing, fetched_at FROM source_pages
WHERE store_id = %(store_id)s AND source_id = %(source_id)s

-- name: upsert_source_page
-- description: What a look saw of a page.
INSERT INTO source_pages (store_id, source_id, url, etag, last_modified, listing, fetched_at)
VALUES (%(store_id)s, %(source_id)s, %(url)s, %(etag)s, %(last_modified)s, %(listing)s::jsonb, %(fetched_at)s)
ON CONFLICT (store_id, source_id, url) DO UPDATE SET
    etag = excluded.etag, last_modified = excluded.last_modified, listing = excluded.listing,
    fetched_at = excluded.fetched_at

-- name: upsert_search
-- description: A product was searched for.
INSERT INTO searches (store_id, source_id, item_key, searched_at)
VALUES (%(store_id)s, %(source_id)s, %(item_key)s, %(searched_at)s)
ON CONFLICT (store_id, source_id, item_key) DO UPDATE SET searched_at = excluded.searched_at

-- name: forget_sources
-- description: What is remembered of sources that are no more.
WITH searched AS (DELETE FROM searches WHERE store_id = %(store_id)s AND NOT source_id = ANY(%(kept)s))
DELETE FROM source_pages WHERE store_id = %(store_id)s AND NOT source_id = ANY(%(kept)s)
