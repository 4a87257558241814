-- A data key per store, what is sealed under it, and the stores that wait to be forgotten.

-- The only copy of each store's data key, wrapped by the key ring. Deleting the row makes everything sealed under it noise.
CREATE TABLE store_keys (
    store_id text PRIMARY KEY,
    wrapped_key bytea NOT NULL,
    key_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX store_keys_key ON store_keys (key_id);

-- What Salla tells of the store that may name a person; sealed, and in no event.
CREATE TABLE store_profiles (
    store_id text PRIMARY KEY,
    sealed bytea NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- Not a read model: the row is the work to be done. It goes when the store comes back, or is forgotten.
CREATE TABLE forgettings (
    store_id text PRIMARY KEY,
    reason text NOT NULL CHECK (reason IN ('uninstalled', 'requested')),
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    -- An operator called it off: nothing waits, and the housekeeping does not let the uninstalled store wait anew.
    kept_at timestamptz
);
CREATE INDEX forgettings_due ON forgettings (due_at);

ALTER TABLE stores ADD COLUMN forgotten_at timestamptz;

-- Null: sealed under the store's key. Old processes cannot read that, so rows keep a key of their own until
-- store_keys_from; the housekeeping adopts them then. An installation without stores has no old processes.
CREATE TABLE vault_upgrade (store_keys_from timestamptz NOT NULL);
INSERT INTO vault_upgrade (store_keys_from)
SELECT now() + CASE WHEN EXISTS (SELECT 1 FROM stores) THEN interval '1 day' ELSE interval '0' END;
ALTER TABLE tokens ALTER COLUMN wrapped_key DROP NOT NULL, ALTER COLUMN key_id DROP NOT NULL;
