-- Stores, rules, installation-wide settings and API keys as read models.

-- name: upsert_store
-- description: The store as its aggregate says; an older version never overwrites a newer one.
INSERT INTO stores (
    store_id, version, name, domain, plan, store_type, currency, prices_include_vat, vat_bp, scopes, via, connected,
    installed, needs_reauthorization, reauthorization_detail, paused, pause_reason, pause_reason_ar, fence, settings,
    settings_version, entitled, entitlement_status, entitlement_ends_on, authorized_at, updated_at, forgotten_at
) VALUES (
    %(store_id)s, %(version)s, %(name)s, %(domain)s, %(plan)s, %(store_type)s, %(currency)s, %(prices_include_vat)s,
    %(vat_bp)s, %(scopes)s, %(via)s, %(connected)s, %(installed)s, %(needs_reauthorization)s,
    %(reauthorization_detail)s, %(paused)s, %(pause_reason)s, %(pause_reason_ar)s, %(fence)s,
    %(settings)s::jsonb, %(settings_version)s, %(entitled)s, %(entitlement_status)s, %(entitlement_ends_on)s,
    %(authorized_at)s, %(updated_at)s, %(forgotten_at)s
)
ON CONFLICT (store_id) DO UPDATE SET
    version = excluded.version, name = excluded.name, domain = excluded.domain, plan = excluded.plan,
    store_type = excluded.store_type, currency = excluded.currency,
    prices_include_vat = excluded.prices_include_vat, vat_bp = excluded.vat_bp, scopes = excluded.scopes,
    via = excluded.via, connected = excluded.connected, installed = excluded.installed,
    needs_reauthorization = excluded.needs_reauthorization,
    reauthorization_detail = excluded.reauthorization_detail, paused = excluded.paused,
    pause_reason = excluded.pause_reason, pause_reason_ar = excluded.pause_reason_ar,
    fence = excluded.fence, settings = excluded.settings, settings_version = excluded.settings_version,
    entitled = excluded.entitled, entitlement_status = excluded.entitlement_status, entitlement_ends_on = excluded.entitlement_ends_on,
    authorized_at = excluded.authorized_at, updated_at = excluded.updated_at, forgotten_at = excluded.forgotten_at
WHERE stores.version < excluded.version

-- name: upsert_item_rule
-- description: One item's limits, lock, season end, cost and mode.
INSERT INTO item_rules (store_id, key, product_id, variant_id, min_price, max_price, locked, season_ends_on, salvage,
    cost, mode)
VALUES (%(store_id)s, %(key)s, %(product_id)s, %(variant_id)s, %(min_price)s, %(max_price)s, %(locked)s,
    %(season_ends_on)s, %(salvage)s, %(cost)s, %(mode)s)
ON CONFLICT (store_id, key) DO UPDATE SET
    min_price = excluded.min_price, max_price = excluded.max_price, locked = excluded.locked,
    season_ends_on = excluded.season_ends_on, salvage = excluded.salvage, cost = excluded.cost, mode = excluded.mode

-- name: store
-- description: One store, with the refresh state of its tokens and its sealed profile.
SELECT stores.*, tokens.expires_at AS token_expires_at, coalesce(tokens.refresh_blocked, false) AS refresh_blocked,
    store_keys.wrapped_key AS store_key, store_profiles.sealed AS profile, CASE WHEN forgettings.kept_at IS NULL THEN forgettings.due_at END AS forget_at
FROM stores LEFT JOIN tokens USING (store_id) LEFT JOIN store_keys USING (store_id)
    LEFT JOIN store_profiles USING (store_id) LEFT JOIN forgettings USING (store_id) WHERE stores.store_id = %(store_id)s

-- name: stores
-- description: Stores after a cursor, by id.
SELECT stores.*, tokens.expires_at AS token_expires_at, coalesce(tokens.refresh_blocked, false) AS refresh_blocked,
    store_keys.wrapped_key AS store_key, store_profiles.sealed AS profile, CASE WHEN forgettings.kept_at IS NULL THEN forgettings.due_at END AS forget_at
FROM stores LEFT JOIN tokens USING (store_id) LEFT JOIN store_keys USING (store_id)
    LEFT JOIN store_profiles USING (store_id) LEFT JOIN forgettings USING (store_id)
WHERE stores.store_id > %(after)s AND (%(connected)s::boolean IS NULL OR stores.connected = %(connected)s)
ORDER BY stores.store_id LIMIT %(limit)s

-- name: item_rules
-- description: Rules of a store after a cursor, by item key; rows that say nothing any more are left out.
SELECT product_id, variant_id, min_price, max_price, locked, season_ends_on, salvage, cost, mode, key FROM item_rules
WHERE store_id = %(store_id)s AND key > %(after)s
  AND (min_price IS NOT NULL OR max_price IS NOT NULL OR locked OR season_ends_on IS NOT NULL OR salvage IS NOT NULL
    OR cost IS NOT NULL OR mode IS NOT NULL)
ORDER BY key LIMIT %(limit)s

-- name: change_system
-- description: Wait for transactions that hold the installation's settings still, and let none begin before commit.
SELECT pg_advisory_xact_lock(hashtextextended('onboarding.system', 0))

-- name: upsert_system
-- description: Installation-wide settings; an older version never overwrites a newer one.
INSERT INTO system_settings (settings, settings_version, system_fence, updated_at)
VALUES (%(settings)s::jsonb, %(settings_version)s, %(system_fence)s, %(updated_at)s)
ON CONFLICT (one) DO UPDATE SET
    settings = excluded.settings, settings_version = excluded.settings_version,
    system_fence = excluded.system_fence, updated_at = excluded.updated_at
WHERE system_settings.settings_version < excluded.settings_version

-- name: system
-- description: Installation-wide settings; no row before the first change.
SELECT settings, settings_version, system_fence, updated_at FROM system_settings

-- name: insert_api_key
-- description: A new key; only its keyed hash.
INSERT INTO api_keys (key_id, key_hash, scope, store_id, label, expires_at, created_at)
VALUES (%(key_id)s, %(key_hash)s, %(scope)s, %(store_id)s, %(label)s, %(expires_at)s, %(occurred_at)s)
ON CONFLICT (key_id) DO NOTHING

-- name: revoke_api_key
-- description: A key stops working.
UPDATE api_keys SET revoked_at = coalesce(revoked_at, %(revoked_at)s) WHERE key_id = %(key_id)s

-- name: api_keys
-- description: Keys after a cursor, by id, without anything secret.
SELECT key_id, scope, store_id, label, expires_at, revoked_at, created_at FROM api_keys
WHERE key_id > %(after)s AND (%(store_id)s::text IS NULL OR store_id = %(store_id)s)
ORDER BY key_id LIMIT %(limit)s

-- name: wipe_stores
-- description: Before a rebuild from events.
DELETE FROM stores

-- name: wipe_item_rules
-- description: Before a rebuild from events.
DELETE FROM item_rules

-- name: wipe_api_keys
-- description: Before a rebuild from events.
DELETE FROM api_keys

-- name: wipe_system
-- description: Before a rebuild from events.
DELETE FROM system_settings

-- name: originators
-- description: The ids of all aggregates that have an event of one of the topics.
SELECT DISTINCT originator_id FROM onboarding_events WHERE topic = ANY(%(topics)s)
