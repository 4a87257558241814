-- What the optimizer knows about stores (from onboarding's events) and about its own runs (from its own events).
-- Every table here can be dropped and rebuilt from events; nothing but events is a record.

CREATE TABLE stores (
    store_id text PRIMARY KEY,
    name text NOT NULL,
    currency text NOT NULL,
    prices_include_vat boolean NOT NULL,
    vat_bp int NOT NULL,
    installed boolean NOT NULL,
    connected boolean NOT NULL,
    paused boolean NOT NULL,
    entitlement text,
    entitled_until date,
    fence bigint NOT NULL,
    settings jsonb NOT NULL,
    settings_version int NOT NULL,
    catalogue_at timestamptz
);

CREATE TABLE system_settings (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    stopped boolean NOT NULL,
    fence bigint NOT NULL,
    settings_version int NOT NULL
);

CREATE TABLE items (
    store_id text NOT NULL,
    item_key text NOT NULL,
    product_id text NOT NULL,
    variant_id text,
    name text NOT NULL,
    status text NOT NULL,
    currency text NOT NULL,
    base_price bigint NOT NULL,
    shelf_price bigint NOT NULL,
    sale_price bigint,
    sale_ends_on date,
    sale_running boolean NOT NULL,
    cost bigint,
    stock int,
    has_variants boolean NOT NULL,
    baseline bigint,
    observed_at timestamptz NOT NULL,
    PRIMARY KEY (store_id, item_key)
);

CREATE TABLE item_rules (
    store_id text NOT NULL,
    item_key text NOT NULL,
    min_price bigint,
    max_price bigint,
    locked boolean NOT NULL,
    PRIMARY KEY (store_id, item_key)
);

CREATE TABLE edits (
    store_id text NOT NULL,
    item_key text NOT NULL,
    found_base_price bigint NOT NULL,
    edited_at timestamptz NOT NULL,
    PRIMARY KEY (store_id, item_key)
);

CREATE TABLE orders (
    store_id text NOT NULL,
    order_id text NOT NULL,
    state text NOT NULL,
    placed_at timestamptz NOT NULL,
    lines jsonb NOT NULL,
    PRIMARY KEY (store_id, order_id)
);
CREATE INDEX orders_placed ON orders (store_id, placed_at);

CREATE TABLE links (
    store_id text NOT NULL,
    item_key text NOT NULL,
    url text NOT NULL,
    competitor text NOT NULL,
    PRIMARY KEY (store_id, item_key, url)
);

CREATE TABLE offers (
    store_id text NOT NULL,
    item_key text NOT NULL,
    url text NOT NULL,
    competitor text NOT NULL,
    fitness text NOT NULL,
    price bigint,
    currency text,
    in_stock boolean,
    confidence_bp int NOT NULL,
    observed_at timestamptz NOT NULL,
    digest text,
    detail text,
    run_id uuid NOT NULL,
    PRIMARY KEY (store_id, item_key, url)
);

CREATE TABLE runs (
    run_id uuid PRIMARY KEY,
    store_id text NOT NULL,
    trigger text,
    slot timestamptz,
    state text NOT NULL,
    mode text,
    items int,
    settings_version int,
    engine_version text,
    started_at timestamptz,
    scouted jsonb,
    ended_at timestamptz,
    statistics jsonb,
    failure text
);
CREATE INDEX runs_of_store ON runs (store_id, coalesce(started_at, ended_at) DESC, run_id DESC);

CREATE TABLE proposals (
    proposal_id uuid PRIMARY KEY,
    store_id text NOT NULL,
    run_id uuid NOT NULL,
    item_key text NOT NULL,
    product_id text NOT NULL,
    variant_id text,
    state text NOT NULL CHECK (state IN ('pending', 'decided', 'rejected', 'expired', 'held')),
    risk text,
    disposition text NOT NULL,
    proposed_at timestamptz NOT NULL,
    expires_at timestamptz,
    closed_at timestamptz,
    closed_by text,
    close_reason text,
    document jsonb NOT NULL
);
CREATE INDEX proposals_of_run ON proposals (run_id);
CREATE INDEX proposals_of_store ON proposals (store_id, proposed_at DESC, proposal_id DESC);
CREATE INDEX proposals_pending ON proposals (store_id, item_key) WHERE state = 'pending';
CREATE INDEX proposals_expiring ON proposals (expires_at) WHERE state = 'pending';

-- A decision and what onboarding reported of it. Either side may come first when the table is rebuilt.
CREATE TABLE decisions (
    decision_id uuid PRIMARY KEY,
    store_id text NOT NULL,
    run_id uuid NOT NULL,
    item_key text NOT NULL,
    product_id text NOT NULL,
    variant_id text,
    state text NOT NULL CHECK (state IN ('decided', 'writing', 'uncertain', 'applied', 'failed', 'stale')),
    decided_at timestamptz,
    decided_by text,
    document jsonb,
    old_base_price bigint,
    base_price bigint,
    shelf_price bigint,
    reason text,
    settled_at timestamptz
);
CREATE INDEX decisions_of_store ON decisions (store_id, decided_at DESC, decision_id DESC);
CREATE INDEX decisions_in_flight ON decisions (store_id, item_key) WHERE state IN ('decided', 'writing', 'uncertain');
CREATE INDEX decisions_applied ON decisions (store_id, settled_at) WHERE state = 'applied';

-- Validators and readings of competitors' pages, so that an unchanged page is not sent twice. A cache: losing it
-- costs traffic only.
CREATE TABLE pages (
    store_id text NOT NULL,
    url text NOT NULL,
    etag text,
    last_modified text,
    reading jsonb NOT NULL,
    digest text NOT NULL,
    fetched_at timestamptz NOT NULL,
    PRIMARY KEY (store_id, url)
);
