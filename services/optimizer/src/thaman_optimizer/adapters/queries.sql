-- Reads and writes of the optimizer's tables. Writes are absolute, so doing one again changes nothing.

-- name: store
-- description: One store with the installation's stop, its live policy and the one on trial.
SELECT stores.*, coalesce(system_settings.stopped, false) AS stopped,
    stores.fence + coalesce(system_settings.fence, 0) AS fence_in_force, to_jsonb(live) AS policy, to_jsonb(trial) AS trial
FROM stores
LEFT JOIN system_settings ON true
LEFT JOIN policies live ON live.store_id = stores.store_id AND live.stage = 'live'
LEFT JOIN policies trial ON trial.store_id = stores.store_id AND trial.stage IN ('shadow', 'canary')
WHERE stores.store_id = %(store_id)s

-- name: items
-- description: All facts of a store's items (or of those named) in one read; changes are counted back from %(now)s. What a
-- person put back is a person's price, as one that was edited by hand.
WITH recent AS (
    SELECT item_key,
           count(*) FILTER (WHERE settled_at > %(now)s - interval '1 day') AS changes_today,
           max(settled_at) AS last_change_at,
           (array_agg(old_base_price ORDER BY settled_at, decision_id))[1] AS week_anchor
    FROM decisions
    WHERE store_id = %(store_id)s AND state = 'applied' AND settled_at > %(now)s - interval '7 days'
    GROUP BY item_key
), flying AS (
    SELECT DISTINCT item_key FROM decisions
    WHERE store_id = %(store_id)s AND state IN ('decided', 'writing', 'uncertain')
)
SELECT items.*, rule.min_price, rule.max_price, coalesce(rule.locked, false) AS locked, rule.season_ends_on,
       rule.salvage, rule.cost AS own_cost, rule.mode, greatest(edit.edited_at, undone.undone_at) AS edited_at, flying.item_key IS NOT NULL AS in_flight, coalesce(recent.changes_today, 0)::int AS changes_today,
       recent.last_change_at, recent.week_anchor
FROM items
LEFT JOIN item_rules rule USING (store_id, item_key)
LEFT JOIN edits edit USING (store_id, item_key)
LEFT JOIN undone USING (store_id, item_key)
LEFT JOIN recent USING (item_key)
LEFT JOIN flying USING (item_key)
WHERE items.store_id = %(store_id)s AND (%(keys)s::text[] IS NULL OR item_key = ANY(%(keys)s))
ORDER BY item_key

-- name: linked_offers
-- description: The latest offer behind each of a store's watched links (or of the items named).
SELECT offers.* FROM offers JOIN watched USING (store_id, item_key, url)
WHERE offers.store_id = %(store_id)s AND (%(keys)s::text[] IS NULL OR item_key = ANY(%(keys)s))

-- name: links
-- description: A store's watched links with the time of their last reading.
SELECT watched.item_key, watched.url, watched.competitor, watched.confidence_bp, watched.feed, items.product_id,
       items.variant_id, items.currency, offers.observed_at, pages.etag, pages.last_modified, pages.reading, pages.digest
FROM watched
JOIN items USING (store_id, item_key)
LEFT JOIN offers USING (store_id, item_key, url)
LEFT JOIN pages USING (store_id, url)
WHERE store_id = %(store_id)s AND NOT items.has_variants
ORDER BY watched.item_key, watched.url

-- name: pending
-- description: A store's proposals that wait for an answer.
SELECT proposal_id, run_id, store_id, item_key, product_id, variant_id FROM proposals
WHERE store_id = %(store_id)s AND state = 'pending'

-- name: expired
-- description: Proposals whose time is over.
SELECT proposal_id, run_id, store_id, product_id, variant_id FROM proposals
WHERE state = 'pending' AND expires_at <= %(now)s ORDER BY expires_at, proposal_id LIMIT %(limit)s

-- name: said
-- description: What a run has said so far.
SELECT proposal_id, disposition FROM proposals WHERE run_id = %(run_id)s

-- name: upsert_store
-- description: A store was authorised, for the first time or again; a pause and the subscription outlive an uninstall.
INSERT INTO stores (store_id, name, domain, currency, prices_include_vat, vat_bp, installed, connected, paused, fence,
    settings, settings_version, priced_version)
VALUES (%(store_id)s, %(name)s, %(domain)s, %(currency)s, %(prices_include_vat)s, %(vat_bp)s, true, true, false, %(fence)s,
    %(settings)s::jsonb, %(settings_version)s, %(settings_version)s)
ON CONFLICT (store_id) DO UPDATE SET
    name = excluded.name, domain = excluded.domain, currency = excluded.currency, prices_include_vat = excluded.prices_include_vat,
    vat_bp = excluded.vat_bp, installed = true, connected = true, fence = excluded.fence, settings = excluded.settings, settings_version = excluded.settings_version,
    priced_version = excluded.priced_version

-- name: reconnect_store
-- description: New tokens arrived.
UPDATE stores SET connected = true, prices_include_vat = %(prices_include_vat)s, vat_bp = %(vat_bp)s
WHERE store_id = %(store_id)s

-- name: disconnect_store
-- description: Salla refuses our tokens.
UPDATE stores SET connected = false WHERE store_id = %(store_id)s

-- name: uninstall_store
-- description: The merchant removed the app.
UPDATE stores SET installed = false, connected = false, fence = %(fence)s WHERE store_id = %(store_id)s

-- name: forget_store
-- description: The store's data key was destroyed; nothing names it any more.
UPDATE stores SET name = %(name)s, domain = NULL WHERE store_id = %(store_id)s

-- name: change_settings
-- description: The pricing policy, whole. The breaker's limits decide no price.
UPDATE stores SET settings = %(settings)s::jsonb, settings_version = %(settings_version)s,
    priced_version = CASE WHEN settings - 'breaker' IS DISTINCT FROM %(settings)s::jsonb - 'breaker'
        THEN %(settings_version)s ELSE priced_version END
WHERE store_id = %(store_id)s

-- name: set_paused
-- description: Paused or resumed.
UPDATE stores SET paused = %(paused)s, fence = %(fence)s WHERE store_id = %(store_id)s

-- name: set_entitled
-- description: Subscription or trial.
UPDATE stores SET entitlement = %(status)s, entitled_until = %(ends_on)s WHERE store_id = %(store_id)s

-- name: set_system
-- description: The installation's settings, as far as they matter here.
INSERT INTO system_settings (stopped, fence, settings_version) VALUES (%(stopped)s, %(fence)s, %(settings_version)s)
ON CONFLICT (id) DO UPDATE SET stopped = excluded.stopped, fence = excluded.fence,
    settings_version = excluded.settings_version

-- name: set_rule
-- description: A merchant's rule for one item; replaces the earlier ones.
INSERT INTO item_rules (store_id, item_key, min_price, max_price, locked, season_ends_on, salvage, cost, mode)
VALUES (%(store_id)s, %(item_key)s, %(min_price)s, %(max_price)s, %(locked)s, %(season_ends_on)s, %(salvage)s,
    %(cost)s, %(mode)s)
ON CONFLICT (store_id, item_key) DO UPDATE SET
    min_price = excluded.min_price, max_price = excluded.max_price, locked = excluded.locked,
    season_ends_on = excluded.season_ends_on, salvage = excluded.salvage, cost = excluded.cost, mode = excluded.mode

-- name: upsert_items
-- description: Items as Salla showed them, many at once and none twice. The baseline is the first shelf price ever seen and
-- stays.
INSERT INTO items (store_id, item_key, product_id, variant_id, name, brand, category, status, currency, base_price,
    shelf_price, sale_price, sale_ends_on, sale_running, cost, stock, unlimited, has_variants, baseline, gtin, mpn,
    observed_at)
SELECT store_id, item_key, product_id, variant_id, name, brand, category, status, currency, base_price, shelf_price,
    sale_price, sale_ends_on, sale_running, cost, stock, unlimited, has_variants, baseline, gtin, mpn, observed_at
FROM unnest(%(store_id)b::text[], %(item_key)b::text[], %(product_id)b::text[], %(variant_id)b::text[], %(name)b::text[],
    %(brand)b::text[], %(category)b::text[], %(status)b::text[], %(currency)b::text[], %(base_price)b::bigint[],
    %(shelf_price)b::bigint[], %(sale_price)b::bigint[], %(sale_ends_on)b::date[], %(sale_running)b::boolean[],
    %(cost)b::bigint[], %(stock)b::int[], %(unlimited)b::boolean[], %(has_variants)b::boolean[], %(baseline)b::bigint[],
    %(gtin)b::text[], %(mpn)b::text[], %(observed_at)b::timestamptz[])
    AS seen (store_id, item_key, product_id, variant_id, name, brand, category, status, currency, base_price, shelf_price,
        sale_price, sale_ends_on, sale_running, cost, stock, unlimited, has_variants, baseline, gtin, mpn, observed_at)
ON CONFLICT (store_id, item_key) DO UPDATE SET
    name = excluded.name, brand = excluded.brand, category = excluded.category, unlimited = excluded.unlimited,
    status = excluded.status, currency = excluded.currency, base_price = excluded.base_price,
    shelf_price = excluded.shelf_price, sale_price = excluded.sale_price, sale_ends_on = excluded.sale_ends_on,
    sale_running = excluded.sale_running, cost = excluded.cost, stock = excluded.stock,
    has_variants = excluded.has_variants, baseline = coalesce(items.baseline, excluded.baseline),
    gtin = excluded.gtin, mpn = excluded.mpn, observed_at = excluded.observed_at

-- name: catalogue_read
-- description: A sweep of the catalogue came to its end.
UPDATE stores SET catalogue_at = %(at)s, prices_include_vat = %(prices_include_vat)s, vat_bp = %(vat_bp)s
WHERE store_id = %(store_id)s

-- name: remove_items
-- description: Items that Salla no longer has; the row stays for its baseline.
UPDATE items SET status = 'deleted' WHERE store_id = %(store_id)s AND item_key = ANY(%(keys)s)

-- name: upsert_order
-- description: An order's present state, whole. Its weeks lose what an earlier report of it counted and gain what this one
-- does, so a correction never counts twice.
WITH line AS (
    SELECT -1 AS sign, orders.placed_at, told.*
    FROM orders, jsonb_to_recordset(orders.lines)
        AS told (product_id text, variant_id text, quantity numeric, unit_price numeric)
    WHERE store_id = %(store_id)s AND order_id = %(order_id)s AND state = 'counted'
    UNION ALL
    SELECT 1, %(placed_at)s::timestamptz, told.*
    FROM jsonb_to_recordset(%(lines)s::jsonb)
        AS told (product_id text, variant_id text, quantity numeric, unit_price numeric)
    WHERE %(state)s = 'counted'
), change AS (
    SELECT concat_ws('/', product_id, variant_id) AS item_key,
        date_trunc('week', placed_at AT TIME ZONE 'UTC')::date AS week, sum(sign * quantity) AS units,
        coalesce(sum(sign * quantity) FILTER (WHERE unit_price > 0), 0) AS paid_units,
        coalesce(sum(sign * quantity * unit_price) FILTER (WHERE unit_price > 0), 0) AS paid
    FROM line WHERE product_id IS NOT NULL GROUP BY 1, 2
), kept AS (
    INSERT INTO orders (store_id, order_id, state, placed_at, lines)
    VALUES (%(store_id)s, %(order_id)s, %(state)s, %(placed_at)s, %(lines)s::jsonb)
    ON CONFLICT (store_id, order_id) DO UPDATE SET
        state = excluded.state, placed_at = excluded.placed_at, lines = excluded.lines
)
INSERT INTO weeks (store_id, item_key, week, units, paid_units, paid)
SELECT %(store_id)s, item_key, week, units, paid_units, paid FROM change
ON CONFLICT (store_id, item_key, week) DO UPDATE SET
    units = weeks.units + excluded.units, paid_units = weeks.paid_units + excluded.paid_units,
    paid = weeks.paid + excluded.paid

-- name: shelf_seen
-- description: What a shopper saw of items on a day, many at once. A day that says nothing new is not written again.
INSERT INTO weeks (store_id, item_key, week, prices, stocked)
SELECT given.store_id, given.item_key, given.week, day.prices, day.stocked
FROM unnest(%(store_id)b::text[], %(item_key)b::text[], %(week)b::date[], %(day)b::int[], %(price)b::bigint[],
    %(stocked)b::boolean[]) AS given (store_id, item_key, week, day, price, stocked)
LEFT JOIN weeks AS known USING (store_id, item_key, week)
CROSS JOIN LATERAL (
    SELECT array_agg(CASE WHEN place = given.day THEN given.price END ORDER BY place) AS prices,
        array_agg(CASE WHEN place = given.day THEN given.stocked END ORDER BY place) AS stocked
    FROM generate_series(1, 7) AS place
) AS day
WHERE known.prices[given.day] IS DISTINCT FROM given.price OR known.stocked[given.day] IS DISTINCT FROM given.stocked
ON CONFLICT (store_id, item_key, week) DO UPDATE SET (prices, stocked) = (
    SELECT array_agg(coalesce(new.price, old.price) ORDER BY place),
        array_agg(coalesce(new.stocked, old.stocked) ORDER BY place)
    FROM unnest(excluded.prices, excluded.stocked) WITH ORDINALITY AS new (price, stocked, place)
    JOIN unnest(weeks.prices, weeks.stocked) WITH ORDINALITY AS old (price, stocked, place) USING (place)
)

-- name: reference_found
-- description: The market's reference price of items in a week, many at once; one that is known already is not written again.
INSERT INTO weeks (store_id, item_key, week, reference)
SELECT given.store_id, given.item_key, given.week, given.reference
FROM unnest(%(store_id)b::text[], %(item_key)b::text[], %(week)b::date[], %(reference)b::bigint[])
    AS given (store_id, item_key, week, reference)
LEFT JOIN weeks AS known USING (store_id, item_key, week)
WHERE known.reference IS DISTINCT FROM given.reference
ON CONFLICT (store_id, item_key, week) DO UPDATE SET reference = excluded.reference

-- name: weeks
-- description: A store's weeks since one.
SELECT item_key, week, units, paid_units, paid, prices, stocked, reference FROM weeks
WHERE store_id = %(store_id)s AND week >= %(since)s ORDER BY item_key, week

-- name: shelf
-- description: What a store's items are besides their prices, and when their price last changed, by us or by hand.
WITH applied AS (
    SELECT item_key, max(settled_at) AS at FROM decisions
    WHERE store_id = %(store_id)s AND state = 'applied' AND settled_at > %(since)s GROUP BY item_key
)
SELECT items.item_key, items.brand, items.category, CASE WHEN NOT items.unlimited THEN items.stock END AS stock,
    greatest(applied.at, edits.edited_at) AS changed_at
FROM items LEFT JOIN applied USING (item_key) LEFT JOIN edits USING (store_id, item_key)
WHERE items.store_id = %(store_id)s

-- name: hand_edit
-- description: The latest hand edit of an item; the price found is the item's price now.
WITH edited AS (
    INSERT INTO edits (store_id, item_key, found_base_price, edited_at)
    VALUES (%(store_id)s, %(item_key)s, %(found_base_price)s, %(edited_at)s)
    ON CONFLICT (store_id, item_key) DO UPDATE SET
        found_base_price = excluded.found_base_price, edited_at = excluded.edited_at
)
UPDATE items SET base_price = %(found_base_price)s,
    shelf_price = CASE WHEN stores.prices_include_vat THEN %(found_base_price)s
                  ELSE (2 * %(found_base_price)s::bigint * (10000 + stores.vat_bp) + 10000) / 20000 END
FROM stores
WHERE stores.store_id = items.store_id AND items.store_id = %(store_id)s AND item_key = %(item_key)s

-- name: decisions_reported
-- description: What onboarding reported of decisions, in order; where one is named twice the last state counts, and of each
-- price the last that was told. What was applied is what Salla shows now.
WITH given AS (
    SELECT * FROM unnest(%(decision_id)b::uuid[], %(store_id)b::text[], %(run_id)b::uuid[], %(item_key)b::text[],
        %(product_id)b::text[], %(variant_id)b::text[], %(state)b::text[], %(old_base_price)b::bigint[],
        %(base_price)b::bigint[], %(shelf_price)b::bigint[], %(reason)b::text[], %(settled_at)b::timestamptz[]
    ) WITH ORDINALITY AS told (decision_id, store_id, run_id, item_key, product_id, variant_id, state, old_base_price,
        base_price, shelf_price, reason, settled_at, place)
), prices AS (
    SELECT decision_id, max(place) AS place,
        (array_agg(old_base_price ORDER BY place DESC) FILTER (WHERE old_base_price IS NOT NULL))[1] AS old_base_price,
        (array_agg(base_price ORDER BY place DESC) FILTER (WHERE base_price IS NOT NULL))[1] AS base_price,
        (array_agg(shelf_price ORDER BY place DESC) FILTER (WHERE shelf_price IS NOT NULL))[1] AS shelf_price
    FROM given GROUP BY decision_id
), shown AS (
    UPDATE items SET base_price = latest.base_price, shelf_price = latest.shelf_price
    FROM (
        SELECT DISTINCT ON (store_id, item_key) store_id, item_key, base_price, shelf_price
        FROM given WHERE state = 'applied' ORDER BY store_id, item_key, place DESC
    ) AS latest
    WHERE items.store_id = latest.store_id AND items.item_key = latest.item_key
), days AS (
    SELECT DISTINCT ON (store_id, item_key, day.week, day.place) store_id, item_key, day.week, day.place, shelf_price
    FROM given CROSS JOIN LATERAL (
        SELECT date_trunc('week', settled_at AT TIME ZONE 'UTC')::date AS week,
            extract(isodow FROM settled_at AT TIME ZONE 'UTC')::int AS place
    ) AS day
    WHERE state = 'applied' ORDER BY store_id, item_key, day.week, day.place, given.place DESC
), seen AS (
    INSERT INTO weeks (store_id, item_key, week, prices)
    SELECT store_id, item_key, week, array_agg(days.shelf_price ORDER BY place)
    FROM (SELECT DISTINCT store_id, item_key, week FROM days) AS touched
    CROSS JOIN generate_series(1, 7) AS place LEFT JOIN days USING (store_id, item_key, week, place)
    GROUP BY store_id, item_key, week
    ON CONFLICT (store_id, item_key, week) DO UPDATE SET prices = (
        SELECT array_agg(coalesce(new.price, old.price) ORDER BY place)
        FROM unnest(excluded.prices) WITH ORDINALITY AS new (price, place)
        JOIN unnest(weeks.prices) WITH ORDINALITY AS old (price, place) USING (place)
    )
)
INSERT INTO decisions (decision_id, store_id, run_id, item_key, product_id, variant_id, state, old_base_price, base_price,
    shelf_price, reason, settled_at)
SELECT given.decision_id, given.store_id, given.run_id, given.item_key, given.product_id, given.variant_id, given.state,
    prices.old_base_price, prices.base_price, prices.shelf_price, given.reason, given.settled_at
FROM given JOIN prices USING (decision_id, place)
ORDER BY place
ON CONFLICT (decision_id) DO UPDATE SET
    state = excluded.state, old_base_price = coalesce(excluded.old_base_price, decisions.old_base_price),
    base_price = coalesce(excluded.base_price, decisions.base_price),
    shelf_price = coalesce(excluded.shelf_price, decisions.shelf_price), reason = excluded.reason,
    settled_at = excluded.settled_at

-- name: clear_links
-- description: Before an item's links are set anew.
DELETE FROM links WHERE store_id = %(store_id)s AND item_key = %(item_key)s

-- name: add_link
-- description: One rival's page for an item.
INSERT INTO links (store_id, item_key, url, competitor) VALUES (%(store_id)s, %(item_key)s, %(url)s, %(competitor)s)
ON CONFLICT (store_id, item_key, url) DO UPDATE SET competitor = excluded.competitor

-- name: upsert_offer
-- description: The latest readings of links, many at once. A failed reading does not wipe out a price that may be fresh.
INSERT INTO offers (store_id, item_key, url, competitor, fitness, price, currency, in_stock, confidence_bp, observed_at,
    digest, detail, evidence, run_id)
SELECT store_id, item_key, url, competitor, fitness, price, currency, in_stock, confidence_bp, observed_at, digest, detail,
    evidence::jsonb, run_id
FROM unnest(%(store_id)b::text[], %(item_key)b::text[], %(url)b::text[], %(competitor)b::text[], %(fitness)b::text[],
    %(price)b::bigint[], %(currency)b::text[], %(in_stock)b::boolean[], %(confidence_bp)b::int[],
    %(observed_at)b::timestamptz[], %(digest)b::text[], %(detail)b::text[], %(evidence)b::text[], %(run_id)b::uuid[])
    AS given (store_id, item_key, url, competitor, fitness, price, currency, in_stock, confidence_bp, observed_at, digest,
        detail, evidence, run_id)
ON CONFLICT (store_id, item_key, url) DO UPDATE SET
    competitor = excluded.competitor, fitness = excluded.fitness, price = excluded.price,
    currency = excluded.currency, in_stock = excluded.in_stock, confidence_bp = excluded.confidence_bp,
    observed_at = excluded.observed_at, digest = excluded.digest, detail = excluded.detail,
    evidence = excluded.evidence, run_id = excluded.run_id
WHERE NOT (excluded.fitness IN ('unreachable', 'refused') AND offers.fitness = 'usable')

-- name: upsert_page
-- description: Validators and reading of a page.
INSERT INTO pages (store_id, url, etag, last_modified, reading, digest, fetched_at)
VALUES (%(store_id)s, %(url)s, %(etag)s, %(last_modified)s, %(reading)s::jsonb, %(digest)s, %(fetched_at)s)
ON CONFLICT (store_id, url) DO UPDATE SET
    etag = excluded.etag, last_modified = excluded.last_modified, reading = excluded.reading, digest = excluded.digest,
    fetched_at = excluded.fetched_at

-- name: run_started
-- description: A run began.
INSERT INTO runs (run_id, store_id, trigger, slot, state, mode, items, settings_version, engine_version, started_at)
VALUES (%(run_id)s, %(store_id)s, %(trigger)s, %(slot)s, 'running', %(mode)s, %(items)s, %(settings_version)s,
    %(engine_version)s, %(started_at)s)
ON CONFLICT (run_id) DO NOTHING

-- name: run_scouted
-- description: The Scout's hand-over.
UPDATE runs SET scouted = %(scouted)s::jsonb WHERE run_id = %(run_id)s

-- name: run_completed
-- description: A run ended with its numbers.
UPDATE runs SET state = 'completed', ended_at = %(ended_at)s, statistics = %(statistics)s::jsonb WHERE run_id = %(run_id)s

-- name: run_failed
-- description: A run ended without a result, perhaps before it began.
INSERT INTO runs (run_id, store_id, state, ended_at, failure)
VALUES (%(run_id)s, %(store_id)s, 'failed', %(ended_at)s, %(failure)s)
ON CONFLICT (run_id) DO UPDATE SET state = 'failed', ended_at = excluded.ended_at, failure = excluded.failure

-- name: said_once
-- description: Proposals and holds, many at once; those that the same save answered are closed already.
INSERT INTO proposals (proposal_id, store_id, run_id, item_key, product_id, variant_id, state, risk, disposition,
    proposed_at, expires_at, closed_at, closed_by, close_reason, document)
SELECT proposal_id, store_id, run_id, item_key, product_id, variant_id, state, risk, disposition, proposed_at, expires_at,
    closed_at, closed_by, close_reason, document::jsonb
FROM unnest(%(proposal_id)b::uuid[], %(store_id)b::text[], %(run_id)b::uuid[], %(item_key)b::text[],
    %(product_id)b::text[], %(variant_id)b::text[], %(state)b::text[], %(risk)b::text[], %(disposition)b::text[],
    %(proposed_at)b::timestamptz[], %(expires_at)b::timestamptz[], %(closed_at)b::timestamptz[], %(closed_by)b::text[],
    %(close_reason)b::text[], %(document)b::text[]
) AS given (proposal_id, store_id, run_id, item_key, product_id, variant_id, state, risk, disposition, proposed_at,
    expires_at, closed_at, closed_by, close_reason, document)
ON CONFLICT (proposal_id) DO NOTHING

-- name: proposal_closed
-- description: Proposals were answered or lapsed, many at once.
UPDATE proposals SET state = given.state, closed_at = given.closed_at, closed_by = given.closed_by,
    close_reason = given.close_reason
FROM unnest(%(proposal_id)b::uuid[], %(state)b::text[], %(closed_at)b::timestamptz[], %(closed_by)b::text[],
    %(close_reason)b::text[]) AS given (proposal_id, state, closed_at, closed_by, close_reason)
WHERE proposals.proposal_id = given.proposal_id

-- name: decided
-- description: Decisions, many at once; their state is onboarding's to report.
INSERT INTO decisions (decision_id, store_id, run_id, item_key, product_id, variant_id, state, decided_at, decided_by,
    document)
SELECT decision_id, store_id, run_id, item_key, product_id, variant_id, 'decided', decided_at, decided_by, document::jsonb
FROM unnest(%(decision_id)b::uuid[], %(store_id)b::text[], %(run_id)b::uuid[], %(item_key)b::text[],
    %(product_id)b::text[], %(variant_id)b::text[], %(decided_at)b::timestamptz[], %(decided_by)b::text[],
    %(document)b::text[]
) AS given (decision_id, store_id, run_id, item_key, product_id, variant_id, decided_at, decided_by, document)
ON CONFLICT (decision_id) DO UPDATE SET
    decided_at = excluded.decided_at, decided_by = excluded.decided_by, document = excluded.document

-- name: list_runs
-- description: A store's runs, newest first, from before a cursor.
SELECT run_id, store_id, trigger, slot, state, mode, items, settings_version, engine_version, started_at, scouted,
       ended_at, statistics, failure, coalesce(started_at, ended_at) AS sorted_at
FROM runs
WHERE store_id = %(store_id)s
  AND (%(before)s::timestamptz IS NULL OR (coalesce(started_at, ended_at), run_id) < (%(before)s, %(before_id)s::uuid))
ORDER BY coalesce(started_at, ended_at) DESC, run_id DESC LIMIT %(limit)s

-- name: run
-- description: One run of a store.
SELECT runs.run_id, runs.store_id, trigger, slot, state, mode, items, settings_version, engine_version, started_at, scouted,
       ended_at, statistics, failure, assessments.document AS advice
FROM runs LEFT JOIN assessments USING (run_id) WHERE runs.store_id = %(store_id)s AND runs.run_id = %(run_id)s

-- name: hold_reasons
-- description: Why a run held, by reason.
SELECT document ->> 'reason' AS reason, count(*)::int AS items FROM proposals
WHERE run_id = %(run_id)s AND state = 'held' GROUP BY 1 ORDER BY 2 DESC, 1

-- name: list_proposals
-- description: A store's proposals, newest first, filtered, from before a cursor.
SELECT proposals.*, items.name, proposed_at AS sorted_at
FROM proposals LEFT JOIN items USING (store_id, item_key)
WHERE store_id = %(store_id)s
  AND (%(states)s::text[] IS NULL OR proposals.state = ANY(%(states)s))
  AND (%(risk)s::text IS NULL OR risk = %(risk)s)
  AND (%(run_id)s::uuid IS NULL OR run_id = %(run_id)s)
  AND (%(item_key)s::text IS NULL OR item_key = %(item_key)s)
  AND (%(before)s::timestamptz IS NULL OR (proposed_at, proposal_id) < (%(before)s, %(before_id)s::uuid))
ORDER BY proposed_at DESC, proposal_id DESC LIMIT %(limit)s

-- name: proposal
-- description: One proposal of a store.
SELECT proposals.*, items.name FROM proposals LEFT JOIN items USING (store_id, item_key)
WHERE store_id = %(store_id)s AND proposal_id = %(proposal_id)s

-- name: pending_ids
-- description: The proposals that a bulk answer means.
SELECT proposal_id FROM proposals
WHERE store_id = %(store_id)s AND state = 'pending' AND (%(risk)s::text IS NULL OR risk = %(risk)s)
  AND (%(run_id)s::uuid IS NULL OR run_id = %(run_id)s)
ORDER BY proposed_at, proposal_id LIMIT %(limit)s

-- name: list_decisions
-- description: A store's decisions, newest first, from before a cursor.
SELECT *, decided_at AS sorted_at FROM decisions
WHERE store_id = %(store_id)s AND decided_at IS NOT NULL
  AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
  AND (%(item_key)s::text IS NULL OR item_key = %(item_key)s)
  AND (%(before)s::timestamptz IS NULL OR (decided_at, decision_id) < (%(before)s, %(before_id)s::uuid))
ORDER BY decided_at DESC, decision_id DESC LIMIT %(limit)s

-- name: list_links
-- description: A store's links, or those of one item.
SELECT item_key, competitor, url FROM links
WHERE store_id = %(store_id)s AND (%(item_key)s::text IS NULL OR item_key = %(item_key)s) ORDER BY item_key, competitor, url

-- name: list_offers
-- description: A store's latest offers, by item, after a cursor.
SELECT offers.*, items.name FROM offers LEFT JOIN items USING (store_id, item_key)
WHERE store_id = %(store_id)s AND (%(item_key)s::text IS NULL OR item_key = %(item_key)s)
  AND (%(after)s::text IS NULL OR (item_key, url) > (%(after)s, %(after_url)s))
ORDER BY item_key, url LIMIT %(limit)s

-- name: known_items
-- description: Which of some items the store's catalogue has.
SELECT item_key FROM items WHERE store_id = %(store_id)s AND item_key = ANY(%(keys)s)

-- name: runs_completed
-- description: A store's completed runs of some time, newest first, and whether they are within a number of items together.
SELECT run_id, row_number() OVER newest = 1 OR sum(coalesce(items, 0)) OVER newest <= %(items)s AS within
FROM runs
WHERE store_id = %(store_id)s AND state = 'completed' AND started_at >= %(since)s AND started_at < %(until)s
WINDOW newest AS (ORDER BY started_at DESC, run_id DESC)
ORDER BY started_at DESC, run_id DESC

-- name: runs_begun
-- description: A store's runs that began in some time, oldest first.
SELECT run_id, state FROM runs
WHERE store_id = %(store_id)s AND started_at >= %(since)s AND started_at < %(until)s ORDER BY started_at, run_id

-- name: told_and_decided
-- description: What a run said of each item, as stored, and what of it was decided next.
SELECT said.originator_id, said.originator_version, said.topic, said.state
FROM proposals
JOIN optimizer_events AS said ON said.originator_id = proposals.proposal_id AND said.originator_version <= 2
WHERE proposals.run_id = %(run_id)s
ORDER BY proposals.item_key, said.originator_version

-- name: told_by_run
-- description: What a run said of each item, as stored: the first event of each of its proposals.
SELECT said.originator_id, said.originator_version, said.topic, said.state
FROM proposals
JOIN optimizer_events AS said ON said.originator_id = proposals.proposal_id AND said.originator_version = 1
WHERE proposals.run_id = %(run_id)s
ORDER BY proposals.item_key
