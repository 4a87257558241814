-- Read models made from the ledger alone; `thaman_audit.rebuild` makes them again.

CREATE TABLE stores (
    store_id text PRIMARY KEY,
    name text,
    plan text,
    via text,
    mode text,
    connected boolean,
    paused boolean,
    first_authorized_at timestamptz
);

CREATE TABLE runs (
    store_id text NOT NULL,
    run_id uuid NOT NULL,
    trigger text,
    slot timestamptz,
    requested_by text,
    requested_at timestamptz,
    started_at timestamptz,
    items int,
    mode text,
    completed_at timestamptz,
    statistics jsonb,
    failed_at timestamptz,
    failure text,
    latest_at timestamptz NOT NULL,
    PRIMARY KEY (store_id, run_id)
);
CREATE INDEX runs_latest ON runs (store_id, latest_at DESC, run_id);

-- Where to find the events about one item, one proposal, one decision.
CREATE TABLE item_events (
    store_id text NOT NULL,
    item text NOT NULL,
    service text NOT NULL,
    event_id text NOT NULL,
    name text NOT NULL,
    at timestamptz NOT NULL,
    run_id uuid,
    proposal_id uuid,
    decision_id uuid,
    PRIMARY KEY (service, event_id)
);
CREATE INDEX item_events_item ON item_events (store_id, item);

-- The last price seen or written of each item, in the store's own basis and on the shelf.
CREATE TABLE prices (
    store_id text NOT NULL,
    item text NOT NULL,
    base_price bigint NOT NULL,
    shelf_price bigint,
    at timestamptz NOT NULL,
    PRIMARY KEY (store_id, item)
) WITH (fillfactor = 80);

CREATE TABLE price_history (
    id bigint GENERATED ALWAYS AS IDENTITY,
    store_id text NOT NULL,
    item text NOT NULL,
    at timestamptz NOT NULL,
    base_price bigint NOT NULL,
    shelf_price bigint,
    old_base_price bigint,
    cause text NOT NULL CHECK (cause IN ('first_seen', 'observed', 'manual_edit', 'decision')),
    decision_id uuid,
    run_id uuid,
    service text NOT NULL,
    event_id text NOT NULL,
    PRIMARY KEY (store_id, item, id)
);
