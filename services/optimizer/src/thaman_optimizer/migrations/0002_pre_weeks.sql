-- What the demand model learns from: each item's weeks (Monday to Sunday, UTC), and what is on the shelf.

ALTER TABLE items ADD COLUMN brand text, ADD COLUMN category text, ADD COLUMN unlimited boolean NOT NULL DEFAULT false;

-- units, paid_units and paid (halalas of the units whose price is known) are of counted orders. prices and stocked have a
-- place for each day of the week: what a shopper saw last that day, NULL where nobody looked. reference is the last that
-- a run of ours found in that week.
CREATE TABLE weeks (
    store_id text NOT NULL,
    item_key text NOT NULL,
    week date NOT NULL,
    units numeric NOT NULL DEFAULT 0,
    paid_units numeric NOT NULL DEFAULT 0,
    paid numeric NOT NULL DEFAULT 0,
    prices bigint[] NOT NULL DEFAULT array_fill(NULL::bigint, ARRAY[7]),
    stocked boolean[] NOT NULL DEFAULT array_fill(NULL::boolean, ARRAY[7]),
    reference bigint,
    PRIMARY KEY (store_id, item_key, week)
);

-- Orders that are known already; later reports of them are counted against these.
INSERT INTO weeks (store_id, item_key, week, units, paid_units, paid)
SELECT orders.store_id, concat_ws('/', line.product_id, line.variant_id),
    date_trunc('week', orders.placed_at AT TIME ZONE 'UTC')::date, sum(line.quantity),
    coalesce(sum(line.quantity) FILTER (WHERE line.unit_price > 0), 0),
    coalesce(sum(line.quantity * line.unit_price) FILTER (WHERE line.unit_price > 0), 0)
FROM orders, jsonb_to_recordset(orders.lines) AS line (product_id text, variant_id text, quantity numeric, unit_price numeric)
WHERE orders.state = 'counted' AND line.product_id IS NOT NULL
GROUP BY 1, 2, 3;
