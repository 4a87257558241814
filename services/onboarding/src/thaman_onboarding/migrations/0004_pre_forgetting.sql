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
    due_at timestamptz NOT NULL
);
CREATE INDEX forgettings_due ON forgettings (due_at);

-- Stores that went before anything was forgotten wait from now on.
INSERT INTO forgettings (store_id, reason, asked_by, asked_at, due_at)
SELECT store_id, 'uninstalled', 'merchant', now(), now() + interval '14 days' FROM stores WHERE NOT installed;

ALTER TABLE stores ADD COLUMN forgotten_at timestamptz;

-- Null: sealed under the store's key. Rows of before have a key of their own until the housekeeping adopts them.
ALTER TABLE tokens ALTER COLUMN wrapped_key DROP NOT NULL, ALTER COLUMN key_id DROP NOT NULL;
