-- What is known of each store's catalogue and orders, and the decided prices on their way to Salla.

-- Read model of CatalogObserved, CatalogItemsRemoved and PriceApplied; written in the transaction of its events.
CREATE TABLE items (
    store_id text NOT NULL,
    key text NOT NULL,
    product_id text NOT NULL,
    variant_id text,
    sku text,
    content jsonb NOT NULL,
    digest text NOT NULL,
    taxable boolean NOT NULL,
    base_price bigint NOT NULL,
    -- The base price we wrote last; seeing it again is an echo, not a hand edit.
    last_written bigint,
    -- Rises whenever a write of ours begins or ends, so that an older look at Salla does not overwrite a newer one.
    write_version int NOT NULL DEFAULT 0,
    removed boolean NOT NULL DEFAULT false,
    PRIMARY KEY (store_id, key)
);
CREATE INDEX items_sku ON items (store_id, sku) WHERE sku IS NOT NULL;
CREATE INDEX items_product ON items (store_id, product_id);

-- Products that Salla sent in a form we cannot read; kept for an operator, gone once they can be read.
CREATE TABLE unreadable_items (
    store_id text NOT NULL,
    product_id text NOT NULL,
    reason text NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    times int NOT NULL DEFAULT 1,
    PRIMARY KEY (store_id, product_id)
);

-- Products that a webhook says have changed; read and deleted by the next observation.
CREATE TABLE product_hints (
    store_id text NOT NULL,
    product_id text NOT NULL,
    hint bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (store_id, product_id)
);

-- The present state of each order, without who bought. version numbers the order's events.
CREATE TABLE orders (
    store_id text NOT NULL,
    order_id text NOT NULL,
    version int NOT NULL,
    state text NOT NULL,
    head_digest text,
    content jsonb NOT NULL,
    refunded boolean NOT NULL DEFAULT false,
    observed_at timestamptz NOT NULL DEFAULT now(),
    provider_time timestamptz NOT NULL,
    PRIMARY KEY (store_id, order_id)
);

-- How far each store's orders were swept.
CREATE TABLE order_sweeps (
    store_id text PRIMARY KEY,
    swept_at timestamptz NOT NULL
);

-- Decided prices in the order of their arrival. Not a read model: the row is the work to be done.
CREATE TABLE decisions (
    decision_id uuid PRIMARY KEY,
    sequence bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    store_id text NOT NULL,
    key text NOT NULL,
    decision jsonb NOT NULL,
    -- What the decision was caused by, and its trace, for the events of its write.
    cause jsonb NOT NULL,
    state text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'started', 'uncertain', 'applied', 'failed', 'stale')),
    attempt int NOT NULL DEFAULT 0,
    -- Attempts whose outcome was not known.
    doubts int NOT NULL DEFAULT 0,
    call text,
    -- Whether a call may still be on its way to Salla, so that reading the old price proves nothing yet.
    in_flight boolean NOT NULL DEFAULT false,
    received_at timestamptz NOT NULL DEFAULT now(),
    first_started_at timestamptz,
    started_at timestamptz,
    next_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    detail text
);
CREATE INDEX decisions_open ON decisions (store_id, sequence) WHERE state IN ('due', 'started', 'uncertain');
CREATE INDEX decisions_item ON decisions (store_id, key, sequence);

-- Stores that Salla does not let us call for a while (403), for all processes.
CREATE TABLE call_blocks (
    store_id text PRIMARY KEY,
    blocked_until timestamptz NOT NULL,
    times int NOT NULL DEFAULT 1,
    reason text NOT NULL
);
