-- Receipts and the timeline by who acted; and what analytics are made of, week by week (Monday to Sunday, UTC).

CREATE INDEX prices_applied ON prices (store_id, at DESC, event_id DESC) WHERE cause = 'applied';
CREATE INDEX prices_of_event ON prices (store_id, event_id) WHERE cause = 'applied';
CREATE INDEX activity_of_actor ON activity (store_id, actor, at DESC) WHERE actor IS NOT NULL;

-- What the last run of a week found of an item. `controlled`: it is in the control share, so its price is left alone.
CREATE TABLE market_weeks (
    store_id text NOT NULL,
    week date NOT NULL,
    item_key text NOT NULL,
    at timestamptz NOT NULL,
    shelf_price bigint,
    reference bigint,
    controlled boolean NOT NULL,
    told bigint NOT NULL,
    PRIMARY KEY (store_id, week, item_key)
) WITH (fillfactor = 80);

-- Orders as they are now, each line with the cost that was known when it was told; without who bought.
CREATE TABLE orders (
    store_id text NOT NULL,
    order_id text NOT NULL,
    week date NOT NULL,
    counted boolean NOT NULL,
    lines jsonb NOT NULL,
    told bigint NOT NULL,
    PRIMARY KEY (store_id, order_id)
);

-- Counted units of an item in a week; of those whose price or cost is known, how many, and the sums in halalas: `paid`
-- with VAT, `cost` without.
CREATE TABLE sales_weeks (
    store_id text NOT NULL,
    week date NOT NULL,
    item_key text NOT NULL,
    units bigint NOT NULL,
    paid_units bigint NOT NULL,
    paid bigint NOT NULL,
    costed_units bigint NOT NULL,
    cost bigint NOT NULL,
    PRIMARY KEY (store_id, week, item_key)
) WITH (fillfactor = 80);

-- A rival's page with another usable price than the one it had before.
CREATE TABLE offer_moves (
    store_id text NOT NULL,
    observed_at timestamptz NOT NULL,
    item_key text NOT NULL,
    url text NOT NULL,
    competitor text NOT NULL,
    old_price bigint NOT NULL,
    new_price bigint NOT NULL,
    PRIMARY KEY (store_id, observed_at, item_key, url)
);

CREATE INDEX market_weeks_controlled ON market_weeks (store_id, week) WHERE controlled;
