-- name: find_key
-- The key of a keyed hash; the unique index answers.
SELECT key_id, scope, store_id, expires_at, revoked_at
FROM api_keys
WHERE key_hash = %(key_hash)s

-- name: issue_key
-- Take over an issued key; hearing of it twice changes nothing.
INSERT INTO api_keys (key_id, key_hash, scope, store_id, label, expires_at, created_at)
VALUES (%(key_id)s, %(key_hash)s, %(scope)s, %(store_id)s, %(label)s, %(expires_at)s, %(created_at)s)
ON CONFLICT (key_id) DO NOTHING

-- name: revoke_key
-- End a key; the first end stays.
UPDATE api_keys
SET revoked_at = %(revoked_at)s
WHERE key_id = %(key_id)s AND revoked_at IS NULL

-- name: wipe_keys
-- Before a rebuild from events.
DELETE FROM api_keys
