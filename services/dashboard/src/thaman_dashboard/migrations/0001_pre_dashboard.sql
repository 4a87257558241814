-- Read models of the dashboard, made of all services' streams; `thaman rebuild dashboard` makes them again.
--
-- A service's stream is in order, streams among each other are not. So every column belongs to one service, and `told`
-- columns say up to which place of its log a row has heard it: what is told again changes nothing, and whatever comes
-- first, the same rows come of it. A null says that nobody told it yet, or that nobody knows.

CREATE TABLE stores (
    store_id text PRIMARY KEY,
    name text,
    domain text,
    currency text,
    prices_include_vat boolean,
    vat_bp int,
    plan text,
    connected boolean NOT NULL DEFAULT false,
    needs_reauthorization text,
    paused boolean NOT NULL DEFAULT false,
    pause_reason text,
    pause_reason_ar text,
    entitlement text,
    entitlement_ends_on date,
    settings jsonb,
    settings_version int,
    forgotten boolean NOT NULL DEFAULT false,
    heard_at timestamptz NOT NULL,
    told bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE system (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    stopped boolean NOT NULL,
    system_fence int NOT NULL,
    told bigint NOT NULL
);

-- A rule may name an item that was not seen yet: such a row has no `seen_at`, and no page shows it.
CREATE TABLE items (
    store_id text NOT NULL,
    item_key text NOT NULL,
    product_id text NOT NULL,
    variant_id text,
    name text,
    sku text,
    brand text,
    category text,
    status text,
    currency text,
    base_price bigint,
    shelf_price bigint,
    cost bigint,
    stock bigint,
    unlimited boolean NOT NULL DEFAULT false,
    has_variants boolean NOT NULL DEFAULT false,
    url text,
    min_price bigint,
    max_price bigint,
    locked boolean NOT NULL DEFAULT false,
    seen_at timestamptz,
    told bigint NOT NULL,
    PRIMARY KEY (store_id, item_key)
) WITH (fillfactor = 80);
CREATE INDEX items_by_name ON items (store_id, left(name, 100), item_key) WHERE seen_at IS NOT NULL;

CREATE TABLE prices (
    store_id text NOT NULL,
    item_key text NOT NULL,
    at timestamptz NOT NULL,
    event_id text NOT NULL,
    shelf_price bigint,
    cause text NOT NULL CHECK (cause IN ('applied', 'hand_edit', 'seen', 'first')),
    decision_id uuid,
    told bigint NOT NULL,
    PRIMARY KEY (store_id, item_key, at, event_id)
);

CREATE TABLE proposals (
    store_id text NOT NULL,
    proposal_id uuid NOT NULL,
    run_id uuid NOT NULL,
    item_key text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'decided', 'rejected', 'expired')),
    old_shelf_price bigint NOT NULL,
    new_shelf_price bigint NOT NULL,
    floor bigint NOT NULL,
    ceiling bigint NOT NULL,
    reference bigint,
    risk text NOT NULL,
    disposition text NOT NULL,
    expected bigint,
    proposed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    closed_at timestamptz,
    closed_by text,
    closed_reason text,
    document jsonb NOT NULL,
    told bigint NOT NULL,
    PRIMARY KEY (store_id, proposal_id)
) WITH (fillfactor = 80);
CREATE INDEX proposals_pending ON proposals (store_id, expires_at, proposal_id) WHERE state = 'pending';
CREATE INDEX proposals_latest ON proposals (store_id, proposed_at DESC, proposal_id DESC);
CREATE INDEX proposals_of_item ON proposals (store_id, item_key, proposed_at DESC, proposal_id DESC);

-- What the latest run said of an item: why it held the price, or nulls where it proposed one; and the reference.
CREATE TABLE held (
    store_id text NOT NULL,
    item_key text NOT NULL,
    run_id uuid NOT NULL,
    at timestamptz NOT NULL,
    reason text,
    reason_ar text,
    reason_en text,
    reference bigint,
    told bigint NOT NULL,
    PRIMARY KEY (store_id, item_key)
) WITH (fillfactor = 80);

-- Decided by the optimizer, written by onboarding; either may be heard first. `at` is the first that was heard of it.
CREATE TABLE decisions (
    store_id text NOT NULL,
    decision_id uuid NOT NULL,
    run_id uuid NOT NULL,
    item_key text NOT NULL,
    at timestamptz NOT NULL,
    proposal_id uuid,
    shelf_price bigint,
    decided_by text,
    decided_at timestamptz,
    reverts_decision_id uuid,
    state text NOT NULL DEFAULT 'decided'
        CHECK (state IN ('decided', 'writing', 'uncertain', 'applied', 'failed', 'stale')),
    settled_at timestamptz,
    reason text,
    detail text,
    told_decided bigint NOT NULL DEFAULT 0,
    told_written bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (store_id, decision_id)
) WITH (fillfactor = 80);
CREATE INDEX decisions_of_item ON decisions (store_id, item_key, at DESC);
CREATE INDEX decisions_of_proposal ON decisions (store_id, proposal_id);
CREATE INDEX decisions_applied ON decisions (store_id, settled_at) WHERE state = 'applied';
CREATE INDEX decisions_uncertain ON decisions (store_id) WHERE state = 'uncertain';

CREATE TABLE offers (
    store_id text NOT NULL,
    item_key text NOT NULL,
    url text NOT NULL,
    competitor text NOT NULL,
    price bigint,
    currency text,
    fitness text NOT NULL,
    in_stock boolean,
    confidence_bp int NOT NULL,
    observed_at timestamptz NOT NULL,
    told bigint NOT NULL,
    PRIMARY KEY (store_id, item_key, url)
) WITH (fillfactor = 80);

-- Usable prices, up to 90 days before what was read last from the same page.
CREATE TABLE offer_points (
    store_id text NOT NULL,
    item_key text NOT NULL,
    url text NOT NULL,
    observed_at timestamptz NOT NULL,
    price bigint NOT NULL,
    PRIMARY KEY (store_id, item_key, url, observed_at)
);

-- Asked for by the scheduler, run by the optimizer; either may be heard first.
CREATE TABLE runs (
    store_id text NOT NULL,
    run_id uuid NOT NULL,
    at timestamptz NOT NULL,
    trigger text,
    slot timestamptz,
    requested_by text,
    requested_at timestamptz,
    mode text,
    state text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'running', 'completed', 'failed')),
    started_at timestamptz,
    ended_at timestamptz,
    statistics jsonb,
    failure text,
    advice jsonb,
    told_asked bigint NOT NULL DEFAULT 0,
    told_run bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (store_id, run_id)
) WITH (fillfactor = 80);
CREATE INDEX runs_latest ON runs (store_id, at DESC, run_id DESC);

CREATE TABLE activity (
    store_id text NOT NULL,
    service text NOT NULL,
    event_id text NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    item_key text,
    said_ar text NOT NULL,
    said_en text NOT NULL,
    actor text,
    PRIMARY KEY (store_id, service, event_id)
);
CREATE INDEX activity_latest ON activity (store_id, at DESC, service DESC, event_id DESC);
CREATE INDEX activity_of_item ON activity (store_id, item_key, at DESC) WHERE item_key IS NOT NULL;
CREATE INDEX activity_of_kind ON activity (store_id, kind, at DESC);

-- What the dashboard itself knows. No event tells it, so a rebuild leaves it alone; a forgotten store takes it along.

CREATE TABLE login_links (
    hash bytea PRIMARY KEY,
    store_id text NOT NULL,
    role text NOT NULL CHECK (role IN ('viewer', 'approver', 'owner')),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX login_links_of_store ON login_links (store_id);

CREATE TABLE sessions (
    hash bytea PRIMARY KEY,
    store_id text NOT NULL,
    role text NOT NULL CHECK (role IN ('viewer', 'approver', 'owner')),
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    agent text,
    csrf text NOT NULL
);
CREATE INDEX sessions_of_store ON sessions (store_id, seen_at DESC);

CREATE TABLE answers (
    store_id text NOT NULL,
    proposal_id uuid NOT NULL,
    session_hash bytea NOT NULL,
    role text NOT NULL CHECK (role IN ('approver', 'owner')),
    approved boolean NOT NULL,
    shown_digest text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (store_id, proposal_id, session_hash)
);
