-- The data key of each store, and its profile. Whoever deletes the key's row destroys all that is sealed under it.

-- name: store_key
-- description: The store's wrapped key.
SELECT wrapped_key FROM store_keys WHERE store_id = %(store_id)s

-- name: insert_store_key
-- description: A new key, unless somebody was faster.
INSERT INTO store_keys (store_id, wrapped_key, key_id) VALUES (%(store_id)s, %(wrapped_key)s, %(key_id)s)
ON CONFLICT (store_id) DO NOTHING

-- name: insert_key_of_tokens
-- description: The same while the store's tokens are there; the lock keeps them until it is committed.
INSERT INTO store_keys (store_id, wrapped_key, key_id)
SELECT store_id, %(wrapped_key)s, %(key_id)s FROM tokens WHERE store_id = %(store_id)s FOR UPDATE
ON CONFLICT (store_id) DO NOTHING

-- name: store_keys_in_force
-- description: Whether processes of before, which cannot read what is under a store's key, are gone.
SELECT coalesce(bool_and(store_keys_from <= now()), true) AS in_force FROM vault_upgrade

-- name: destroy_store_key
-- description: The only copy of the key.
DELETE FROM store_keys WHERE store_id = %(store_id)s

-- name: put_profile
-- description: What Salla tells of the store now.
INSERT INTO store_profiles (store_id, sealed) VALUES (%(store_id)s, %(sealed)s)
ON CONFLICT (store_id) DO UPDATE SET sealed = excluded.sealed, updated_at = now()

-- name: store_keys_under_other_keys
-- description: Rows whose key is wrapped by another ring key, a page at a time.
SELECT store_id, wrapped_key, key_id FROM store_keys WHERE key_id <> %(key_id)s ORDER BY store_id LIMIT %(limit)s

-- name: rewrap_store_key
-- description: The same key under a newer ring key, unless somebody changed the row meanwhile.
UPDATE store_keys SET wrapped_key = %(wrapped_key)s, key_id = %(key_id)s
WHERE store_id = %(store_id)s AND wrapped_key = %(old_wrapped_key)s
