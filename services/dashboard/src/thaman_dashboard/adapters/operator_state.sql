-- Operators' links, sessions and log, and the stores taken together.

-- name: add_link
-- description: A new link.
INSERT INTO operator_links (hash, key_id, expires_at) VALUES (%(hash)s, %(key_id)s, %(expires_at)s)

-- name: link
-- description: A link that would still open a session.
SELECT operator_links.expires_at FROM operator_links JOIN api_keys USING (key_id)
WHERE hash = %(hash)s AND used_at IS NULL AND operator_links.expires_at > %(now)s
    AND scope = 'operator' AND revoked_at IS NULL AND (api_keys.expires_at IS NULL OR api_keys.expires_at > %(now)s)

-- name: use_link
-- description: Spend a link, open its session, and write that down. The link's row is locked first.
WITH spent AS (
    UPDATE operator_links SET used_at = %(created_at)s FROM api_keys
    WHERE hash = %(link_hash)s AND used_at IS NULL AND operator_links.expires_at > %(created_at)s
        AND api_keys.key_id = operator_links.key_id AND scope = 'operator' AND revoked_at IS NULL
        AND (api_keys.expires_at IS NULL OR api_keys.expires_at > %(created_at)s)
    RETURNING operator_links.key_id
), noted AS (
    INSERT INTO operator_log (at, key_id, session_hash, deed)
    SELECT %(created_at)s, key_id, %(hash)s, 'signed_in' FROM spent
)
INSERT INTO operator_sessions (hash, key_id, created_at, seen_at, ends_at, agent, csrf)
SELECT %(hash)s, key_id, %(created_at)s, %(seen_at)s, %(ends_at)s, %(agent)s, %(csrf)s FROM spent
RETURNING hash, key_id, created_at, seen_at, ends_at, agent, csrf

-- name: session
-- description: A session that has not ended and whose key still works; it is seen now.
UPDATE operator_sessions SET seen_at = greatest(seen_at, %(now)s) FROM api_keys
WHERE hash = %(hash)s AND ends_at > %(now)s AND seen_at > %(since)s AND api_keys.key_id = operator_sessions.key_id
    AND scope = 'operator' AND revoked_at IS NULL AND (api_keys.expires_at IS NULL OR api_keys.expires_at > %(now)s)
RETURNING hash, operator_sessions.key_id, operator_sessions.created_at, seen_at, ends_at, agent, csrf

-- name: end_session
-- description: End a session.
DELETE FROM operator_sessions WHERE hash = %(hash)s

-- name: note
-- description: What an operator is about to do.
INSERT INTO operator_log (at, key_id, session_hash, deed, store_id, detail)
VALUES (%(at)s, %(key_id)s, %(session_hash)s, %(deed)s, %(store_id)s, %(detail)s)

-- name: log
-- description: What operators did, newest first.
SELECT id, at, key_id, deed, store_id, detail FROM operator_log
WHERE %(id)s::bigint IS NULL OR id < %(id)s ORDER BY id DESC LIMIT %(limit)s

-- name: stores
-- description: A page of all stores by their number.
SELECT stores.store_id, coalesce(name, stores.store_id) AS name, domain, connected, needs_reauthorization, paused,
    forgotten, heard_at, last.at AS last_run_at, last.state AS last_run_state,
    (SELECT count(*) FROM proposals
        WHERE proposals.store_id = stores.store_id AND state = 'pending' AND disposition = 'ask') AS pending,
    (SELECT count(*) FROM decisions WHERE decisions.store_id = stores.store_id AND state = 'uncertain') AS uncertain
FROM stores LEFT JOIN LATERAL (
    SELECT at, state FROM runs WHERE runs.store_id = stores.store_id ORDER BY at DESC, run_id DESC LIMIT 1
) AS last ON true
WHERE settings IS NOT NULL AND (%(after)s::text IS NULL OR stores.store_id > %(after)s)
    AND (%(pattern)s::text IS NULL OR name ILIKE %(pattern)s OR domain ILIKE %(pattern)s
        OR stores.store_id ILIKE %(pattern)s)
ORDER BY stores.store_id LIMIT %(limit)s

-- name: totals
-- description: The stores taken together, forgotten ones apart.
SELECT count(*) AS stores, count(*) FILTER (WHERE connected) AS connected, count(*) FILTER (WHERE paused) AS paused,
    (SELECT count(*) FROM proposals WHERE state = 'pending' AND disposition = 'ask') AS pending,
    (SELECT count(*) FROM decisions WHERE state = 'uncertain') AS uncertain
FROM stores WHERE settings IS NOT NULL AND NOT forgotten

-- name: clean
-- description: Remove links and sessions that have ended.
WITH links AS (DELETE FROM operator_links WHERE expires_at <= %(now)s RETURNING 1),
    ended AS (DELETE FROM operator_sessions WHERE ends_at <= %(now)s RETURNING 1)
SELECT (SELECT count(*) FROM links) + (SELECT count(*) FROM ended) AS removed
