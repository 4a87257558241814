-- The token vault, logins begun by a browser, and installations under way. Everything secret is sealed.

-- name: put_tokens
-- description: Tokens of a new authorisation replace whatever was there, also a refresh under way.
INSERT INTO tokens (store_id, wrapped_key, key_id, access_token, refresh_token, expires_at, scopes, obtained_by)
VALUES (%(store_id)s, %(wrapped_key)s, %(key_id)s, %(access_token)s, %(refresh_token)s, %(expires_at)s, %(scopes)s,
    %(obtained_by)s)
ON CONFLICT (store_id) DO UPDATE SET
    wrapped_key = excluded.wrapped_key, key_id = excluded.key_id, access_token = excluded.access_token,
    refresh_token = excluded.refresh_token, expires_at = excluded.expires_at, scopes = excluded.scopes,
    version = tokens.version + 1, obtained_at = now(), obtained_by = excluded.obtained_by,
    refresh_started_at = NULL, refresh_blocked = false

-- name: delete_tokens
-- description: The store's tokens are gone for good.
DELETE FROM tokens WHERE store_id = %(store_id)s

-- name: tokens
-- description: The tokens of a store that may be called. The age of a refresh under way is told by the server's clock.
SELECT tokens.*, stores.connected, store_keys.wrapped_key AS store_key,
    extract(epoch FROM now() - refresh_started_at)::float8 AS refresh_age,
    extract(epoch FROM now() - obtained_at)::float8 AS age
FROM tokens JOIN stores USING (store_id) LEFT JOIN store_keys USING (store_id) WHERE store_id = %(store_id)s

-- name: tokens_of_before
-- description: Tokens under a key of their own, of before each store had one.
SELECT store_id, wrapped_key, access_token, refresh_token, expires_at, scopes FROM tokens
WHERE wrapped_key IS NOT NULL AND store_id > %(after)s ORDER BY store_id LIMIT 100

-- name: adopt_tokens
-- description: The same tokens under the store's key, unless somebody changed the row meanwhile.
UPDATE tokens SET wrapped_key = NULL, key_id = NULL, access_token = %(access_token)s, refresh_token = %(refresh_token)s
WHERE store_id = %(store_id)s AND wrapped_key = %(old)s

-- name: start_refresh
-- description: Commit that the refresh token is about to be sent. No row: another authorisation came first.
UPDATE tokens SET refresh_started_at = now()
WHERE store_id = %(store_id)s AND version = %(version)s AND refresh_started_at IS NULL AND NOT refresh_blocked
RETURNING store_id

-- name: finish_refresh
-- description: Both new tokens at once. No row: another authorisation, or an uninstall, came meanwhile.
UPDATE tokens SET wrapped_key = %(wrapped_key)s, key_id = %(key_id)s, access_token = %(access_token)s,
    refresh_token = %(refresh_token)s, expires_at = %(expires_at)s, scopes = %(scopes)s, version = version + 1,
    obtained_at = now(), obtained_by = 'refresh', refresh_started_at = NULL
WHERE store_id = %(store_id)s AND version = %(version)s
RETURNING store_id

-- name: abandon_refresh
-- description: The refresh token was certainly not used; it may be sent another time.
UPDATE tokens SET refresh_started_at = NULL WHERE store_id = %(store_id)s AND version = %(version)s

-- name: block_refresh
-- description: The refresh token may have been used; it is never sent again.
UPDATE tokens SET refresh_started_at = NULL, refresh_blocked = true
WHERE store_id = %(store_id)s AND version = %(version)s

-- name: insert_state
-- description: A login begun by a browser.
INSERT INTO oauth_states (state_hash, browser_hash, wrapped_key, verifier, expires_at)
VALUES (%(state_hash)s, %(browser_hash)s, %(wrapped_key)s, %(verifier)s,
    now() + %(lifetime_seconds)s * interval '1 second')

-- name: take_state
-- description: Read a login and forget it in the same statement, so that it works once.
DELETE FROM oauth_states WHERE state_hash = %(state_hash)s
RETURNING browser_hash, wrapped_key, verifier, expires_at > now() AS fresh

-- name: begin_install
-- description: Commit that a code is about to be sent. No row: this code was seen before.
INSERT INTO installs (install_id, via, code_hash, state) VALUES (%(install_id)s, %(via)s, %(code_hash)s, 'exchanging')
ON CONFLICT (code_hash) DO NOTHING RETURNING install_id

-- name: install_of_code
-- description: What became of a code that was seen before.
SELECT install_id, via, state, store_id, detail FROM installs WHERE code_hash = %(code_hash)s

-- name: receive_install
-- description: The tokens of an exchange are in hand.
UPDATE installs SET state = 'received', wrapped_key = %(wrapped_key)s, key_id = %(key_id)s,
    access_token = %(access_token)s, refresh_token = %(refresh_token)s, expires_at = %(expires_at)s, scopes = %(scopes)s
WHERE install_id = %(install_id)s AND state IN ('exchanging', 'interrupted')
RETURNING install_id

-- name: insert_received_install
-- description: The tokens came by webhook.
INSERT INTO installs (install_id, via, store_id, state, provider_time, wrapped_key, key_id, access_token,
    refresh_token, expires_at, scopes)
VALUES (%(install_id)s, %(via)s, %(store_id)s, 'received', %(provider_time)s, %(wrapped_key)s, %(key_id)s,
    %(access_token)s, %(refresh_token)s, %(expires_at)s, %(scopes)s)
ON CONFLICT (install_id) DO NOTHING

-- name: install
-- description: One installation.
SELECT * FROM installs WHERE install_id = %(install_id)s

-- name: finish_install
-- description: An installation ended; its copy of the tokens goes.
UPDATE installs SET state = %(state)s, store_id = coalesce(%(store_id)s, store_id), detail = %(detail)s,
    finished_at = now(), wrapped_key = NULL, key_id = NULL, access_token = NULL, refresh_token = NULL
WHERE install_id = %(install_id)s AND state IN ('exchanging', 'received')
RETURNING install_id

-- name: interrupt_installs
-- description: Exchanges whose process died: the code was perhaps used, and its tokens are lost.
UPDATE installs SET state = 'interrupted', finished_at = now(),
    detail = 'the exchange began but its end was never seen; the merchant has to connect the store again'
WHERE state = 'exchanging' AND started_at < now() - %(age_seconds)s * interval '1 second'
RETURNING install_id

-- name: lying_installs
-- description: Installations whose tokens nobody made a store of, and that no job looks after yet.
SELECT install_id, store_id FROM installs
WHERE state = 'received' AND started_at < now() - %(age_seconds)s * interval '1 second'
  AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.queue = 'install' AND jobs.key = installs.install_id::text)
ORDER BY started_at LIMIT 100

-- name: installs
-- description: Installations that did not end well, or not yet, newest first; nothing secret.
SELECT install_id, via, store_id, state, detail, started_at, finished_at FROM installs
WHERE (%(state)s::text IS NULL OR state = %(state)s) ORDER BY started_at DESC, install_id LIMIT %(limit)s

-- name: tokens_under_other_keys
-- description: Rows whose data key is wrapped by another ring key, a page at a time.
SELECT store_id, version, wrapped_key, key_id FROM tokens WHERE key_id <> %(key_id)s ORDER BY store_id LIMIT %(limit)s

-- name: rewrap_tokens
-- description: The same data key under a newer ring key, unless somebody changed the row meanwhile.
UPDATE tokens SET wrapped_key = %(wrapped_key)s, key_id = %(key_id)s
WHERE store_id = %(store_id)s AND wrapped_key = %(old_wrapped_key)s

-- name: installs_under_other_keys
-- description: The same for installations under way.
SELECT install_id, wrapped_key, key_id FROM installs
WHERE state = 'received' AND key_id <> %(key_id)s ORDER BY install_id LIMIT %(limit)s

-- name: rewrap_install
-- description: The same for installations under way.
UPDATE installs SET wrapped_key = %(wrapped_key)s, key_id = %(key_id)s
WHERE install_id = %(install_id)s AND wrapped_key = %(old_wrapped_key)s

-- name: webhooks_under_other_keys
-- description: The same for webhooks not processed yet.
SELECT body_hash, wrapped_key, key_id FROM webhook_inbox
WHERE body IS NOT NULL AND key_id <> %(key_id)s ORDER BY body_hash LIMIT %(limit)s

-- name: rewrap_webhook
-- description: The same for webhooks not processed yet.
UPDATE webhook_inbox SET wrapped_key = %(wrapped_key)s, key_id = %(key_id)s
WHERE body_hash = %(body_hash)s AND wrapped_key = %(old_wrapped_key)s

-- name: forget_states
-- description: Logins that nobody finished.
DELETE FROM oauth_states WHERE expires_at < now()

-- name: lock_store
-- description: Session lock of one store's refresh; held on a connection of its own, gone when that dies.
SELECT pg_advisory_lock(hashtextextended('onboarding.refresh:' || %(store_id)s, 0))
