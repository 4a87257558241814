-- What a merchant says of an item besides limits, when prices began to be held, rivals' links, and sheets on their way in.

ALTER TABLE items ADD COLUMN own_cost bigint, ADD COLUMN own_mode text;

-- One row where a run holds a price for another reason than the run before.
CREATE TABLE holds (
    store_id text NOT NULL,
    item_key text NOT NULL,
    told bigint NOT NULL,
    at timestamptz NOT NULL,
    run_id uuid NOT NULL,
    reason text NOT NULL,
    reason_ar text NOT NULL,
    reason_en text NOT NULL,
    PRIMARY KEY (store_id, item_key, told)
);

-- All links of one item, as they were told last; an empty list is told, too.
CREATE TABLE links (
    store_id text NOT NULL,
    item_key text NOT NULL,
    links jsonb NOT NULL,
    told bigint NOT NULL,
    PRIMARY KEY (store_id, item_key)
) WITH (fillfactor = 80);

-- What the dashboard itself knows: a sheet that was read and waits to be confirmed, with what it would change.
CREATE TABLE sheets (
    store_id text NOT NULL,
    sheet_id uuid NOT NULL,
    session_hash bytea NOT NULL,
    at timestamptz NOT NULL,
    document jsonb NOT NULL,
    PRIMARY KEY (store_id, sheet_id)
);
CREATE INDEX sheets_by_age ON sheets (at);
