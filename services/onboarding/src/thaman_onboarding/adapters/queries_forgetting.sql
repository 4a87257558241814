-- Stores that wait to be forgotten, and what goes with them.

-- name: schedule
-- description: A store waits to be forgotten; one that waits already keeps its time.
INSERT INTO forgettings (store_id, reason, asked_by, asked_at, due_at)
VALUES (%(store_id)s, %(reason)s, %(asked_by)s, %(asked_at)s, %(due_at)s)
ON CONFLICT (store_id) DO NOTHING

-- name: hasten
-- description: A store that is to be forgotten at once, whatever it waited for.
INSERT INTO forgettings (store_id, reason, asked_by, asked_at, due_at)
VALUES (%(store_id)s, %(reason)s, %(asked_by)s, %(asked_at)s, %(due_at)s)
ON CONFLICT (store_id) DO UPDATE SET
    reason = excluded.reason, asked_by = excluded.asked_by, asked_at = excluded.asked_at, due_at = excluded.due_at

-- name: call_off
-- description: The store is not to be forgotten.
DELETE FROM forgettings WHERE store_id = %(store_id)s

-- name: waiting
-- description: What a store waits for.
SELECT reason, asked_by, asked_at, due_at FROM forgettings WHERE store_id = %(store_id)s

-- name: due
-- description: Stores whose time has come, those that waited longest first.
SELECT store_id FROM forgettings WHERE due_at <= %(now)s ORDER BY due_at, store_id LIMIT 100

-- name: take
-- description: The wish is fulfilled in this transaction; touches no row when it was called off or changed meanwhile.
DELETE FROM forgettings WHERE store_id = %(store_id)s AND due_at = %(due_at)s AND asked_at = %(asked_at)s
RETURNING store_id

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
-- description: Tokens on their way in, and what Salla said of them.
UPDATE installs SET state = CASE state WHEN 'received' THEN 'stale' ELSE state END,
    finished_at = coalesce(finished_at, now()), detail = NULL, wrapped_key = NULL, key_id = NULL,
    access_token = NULL, refresh_token = NULL
WHERE store_id = %(store_id)s AND (state = 'received' OR detail IS NOT NULL)

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
