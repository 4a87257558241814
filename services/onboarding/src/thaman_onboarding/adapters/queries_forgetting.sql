-- Stores that wait to be forgotten, and what goes with them.

-- name: schedule
-- description: A store waits to be forgotten; one that waits already keeps its time. A request outranks an uninstall.
INSERT INTO forgettings (store_id, reason, asked_by, asked_at, due_at)
VALUES (%(store_id)s, %(reason)s, %(asked_by)s, %(asked_at)s, %(due_at)s)
ON CONFLICT (store_id) DO UPDATE SET
    reason = excluded.reason, asked_by = excluded.asked_by, asked_at = excluded.asked_at, kept_at = NULL,
    due_at = CASE WHEN forgettings.kept_at IS NULL THEN forgettings.due_at ELSE excluded.due_at END
WHERE forgettings.kept_at IS NOT NULL OR (excluded.reason = 'requested' AND forgettings.reason = 'uninstalled')

-- name: seed
-- description: Uninstalled stores that nothing waits for, say as a process of before saw them go, wait from now on.
INSERT INTO forgettings (store_id, reason, asked_by, asked_at, due_at)
SELECT store_id, 'uninstalled', %(asked_by)s, %(asked_at)s, %(due_at)s FROM stores
WHERE NOT installed AND forgotten_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM forgettings WHERE forgettings.store_id = stores.store_id)
ORDER BY store_id FOR UPDATE OF stores
ON CONFLICT (store_id) DO NOTHING

-- name: hasten
-- description: A store that is to be forgotten at once, whatever it waited for.
INSERT INTO forgettings (store_id, reason, asked_by, asked_at, due_at)
VALUES (%(store_id)s, %(reason)s, %(asked_by)s, %(asked_at)s, %(due_at)s)
ON CONFLICT (store_id) DO UPDATE SET
    reason = excluded.reason, asked_by = excluded.asked_by, asked_at = excluded.asked_at, due_at = excluded.due_at,
    kept_at = NULL

-- name: keep
-- description: The store is not to be forgotten, until its merchant goes (again) or somebody asks for it.
UPDATE forgettings SET kept_at = %(now)s WHERE store_id = %(store_id)s

-- name: came_back
-- description: The merchant is back, so nothing waits that began by going; what an operator asked for stays.
DELETE FROM forgettings WHERE store_id = %(store_id)s AND (reason = 'uninstalled' OR kept_at IS NOT NULL)

-- name: waiting
-- description: What a store waits for.
SELECT reason, asked_by, asked_at, due_at FROM forgettings WHERE store_id = %(store_id)s AND kept_at IS NULL

-- name: due
-- description: Stores whose time has come, those that waited longest first.
SELECT store_id FROM forgettings WHERE due_at <= %(now)s AND kept_at IS NULL ORDER BY due_at, store_id LIMIT 100

-- name: take
-- description: The wish ends in this transaction; touches no row when it was called off or changed meanwhile.
DELETE FROM forgettings
WHERE store_id = %(store_id)s AND due_at = %(due_at)s AND asked_at = %(asked_at)s AND kept_at IS NULL
RETURNING store_id

-- name: nobody_comes
-- description: One row, unless the merchant who went is on the way in again. What nobody made a store of in a day is not.
SELECT 1 AS nobody WHERE NOT EXISTS (SELECT 1 FROM installs WHERE store_id = %(store_id)s AND state = 'received'
    AND started_at > %(asked_at)s AND started_at > now() - interval '1 day')

-- name: all_revoked
-- description: One row, unless a key was issued since the live ones were read.
SELECT 1 AS revoked WHERE NOT EXISTS (SELECT 1 FROM api_keys WHERE store_id = %(store_id)s AND revoked_at IS NULL)

-- name: holdings
-- description: How much is held of a store that goes with its key.
SELECT (SELECT count(*) FROM store_keys WHERE store_id = %(store_id)s)::int AS keys,
    (SELECT count(*) FROM store_profiles WHERE store_id = %(store_id)s)::int AS profiles,
    (SELECT count(*) FROM tokens WHERE store_id = %(store_id)s)::int AS tokens,
    (SELECT count(*) FROM installs WHERE store_id = %(store_id)s AND state = 'received')::int AS installs,
    (SELECT count(*) FROM webhook_inbox WHERE store_id = %(store_id)s AND body IS NOT NULL)::int AS webhooks,
    (SELECT count(*) FROM api_keys WHERE store_id = %(store_id)s AND revoked_at IS NULL)::int AS api_keys

-- name: live_keys
-- description: The store's API keys that still work.
SELECT key_id FROM api_keys WHERE store_id = %(store_id)s AND revoked_at IS NULL ORDER BY key_id

-- name: drop_profile
-- description: Sealed under the key that goes.
DELETE FROM store_profiles WHERE store_id = %(store_id)s

-- name: drop_installs
-- description: Tokens on their way in, and what Salla said of them. What came after the wish is a new store's.
UPDATE installs SET state = CASE state WHEN 'received' THEN 'stale' ELSE state END,
    finished_at = coalesce(finished_at, now()), detail = NULL, wrapped_key = NULL, key_id = NULL,
    access_token = NULL, refresh_token = NULL
WHERE store_id = %(store_id)s AND CASE state WHEN 'received'
    THEN started_at <= %(asked_at)s OR started_at <= now() - interval '1 day' ELSE detail IS NOT NULL END

-- name: drop_bodies
-- description: Webhooks that wait; their hashes stay against replays.
UPDATE webhook_inbox SET state = CASE state WHEN 'received' THEN 'ignored' ELSE state END, detail = NULL,
    processed_at = coalesce(processed_at, now()), wrapped_key = NULL, key_id = NULL, body = NULL
WHERE store_id = %(store_id)s AND (body IS NOT NULL OR detail IS NOT NULL)

-- name: drop_unreadable
-- description: Products that could not be read, and the words of why.
DELETE FROM unreadable_items WHERE store_id = %(store_id)s

-- name: drop_errors
-- description: What jobs last failed of, as the words may be Salla's. A job that was given up has nothing to work on.
UPDATE jobs SET last_error = NULL, state = CASE state WHEN 'dead' THEN 'dropped' ELSE state END
WHERE store_id = %(store_id)s AND last_error IS NOT NULL

-- name: drop_old_errors
-- description: The same of jobs that are archived.
UPDATE jobs_archive SET last_error = NULL WHERE store_id = %(store_id)s AND last_error IS NOT NULL
