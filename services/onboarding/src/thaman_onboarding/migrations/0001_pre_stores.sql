-- Stores as their events say, the token vault, installations under way, webhooks taken in.

-- Read model of the Store aggregate; written in the transaction of its events.
CREATE TABLE stores (
    store_id text PRIMARY KEY,
    version int NOT NULL,
    name text NOT NULL,
    domain text,
    plan text NOT NULL,
    store_type text NOT NULL,
    currency text NOT NULL,
    prices_include_vat boolean NOT NULL,
    vat_bp int NOT NULL,
    scopes text[] NOT NULL,
    via text NOT NULL,
    connected boolean NOT NULL,
    installed boolean NOT NULL,
    needs_reauthorization text,
    reauthorization_detail text,
    paused boolean NOT NULL,
    pause_reason text,
    fence int NOT NULL,
    settings jsonb NOT NULL,
    settings_version int NOT NULL,
    -- What Salla reported of the subscription; entitled today = entitled AND (entitlement_ends_on is null or not passed).
    entitled boolean NOT NULL,
    entitlement_status text,
    entitlement_ends_on date,
    authorized_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (connected = (installed AND needs_reauthorization IS NULL))
);

CREATE TABLE item_rules (
    store_id text NOT NULL,
    key text NOT NULL,
    product_id text NOT NULL,
    variant_id text,
    min_price bigint,
    max_price bigint,
    locked boolean NOT NULL,
    PRIMARY KEY (store_id, key)
);

-- One row at most. The writer's fence is the store's fence plus system_fence.
CREATE TABLE system_settings (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    settings jsonb NOT NULL,
    settings_version int NOT NULL,
    system_fence int NOT NULL,
    updated_at timestamptz NOT NULL
);

-- The vault. A refresh token is sent once at most: refresh_started_at is committed before it is sent and cleared only
-- by an answer. refresh_blocked says that its fate is unknown, so that it must never be sent again.
CREATE TABLE tokens (
    store_id text PRIMARY KEY,
    wrapped_key bytea NOT NULL,
    key_id text NOT NULL,
    access_token bytea NOT NULL,
    refresh_token bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    scopes text[] NOT NULL,
    version int NOT NULL DEFAULT 1,
    obtained_at timestamptz NOT NULL DEFAULT now(),
    obtained_by text NOT NULL,
    refresh_started_at timestamptz,
    refresh_blocked boolean NOT NULL DEFAULT false
);
CREATE INDEX tokens_key ON tokens (key_id);

-- A login that a browser of ours began; deleted by the statement that reads it.
CREATE TABLE oauth_states (
    state_hash text PRIMARY KEY,
    browser_hash text NOT NULL,
    wrapped_key bytea NOT NULL,
    verifier bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX oauth_states_expiry ON oauth_states (expires_at);

-- A store on its way in. 'exchanging' is committed before the code is sent, 'received' as soon as tokens are in hand.
CREATE TABLE installs (
    install_id uuid PRIMARY KEY,
    via text NOT NULL,
    code_hash text UNIQUE,
    store_id text,
    state text NOT NULL
        CHECK (state IN ('exchanging', 'received', 'done', 'refused', 'interrupted', 'stale')),
    provider_time timestamptz,
    wrapped_key bytea,
    key_id text,
    access_token bytea,
    refresh_token bytea,
    expires_at timestamptz,
    scopes text[],
    detail text,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CHECK ((state = 'received') = (access_token IS NOT NULL))
);
CREATE INDEX installs_open ON installs (started_at) WHERE state IN ('exchanging', 'received');
CREATE INDEX installs_key ON installs (key_id) WHERE state = 'received';

-- Webhooks by the hash of their body. The sealed body goes when it is processed; the hash stays against replays.
CREATE TABLE webhook_inbox (
    body_hash text PRIMARY KEY,
    store_id text,
    event text,
    provider_time timestamptz,
    received_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL CHECK (state IN ('received', 'done', 'ignored', 'malformed')),
    detail text,
    wrapped_key bytea,
    key_id text,
    body bytea,
    processed_at timestamptz
);
CREATE INDEX webhook_inbox_received ON webhook_inbox (received_at);
CREATE INDEX webhook_inbox_key ON webhook_inbox (key_id) WHERE body IS NOT NULL;
