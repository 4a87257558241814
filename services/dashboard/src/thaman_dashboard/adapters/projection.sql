-- What stores the rows of thaman_dashboard.domain.folds. `told` is the place of the event in its service's log: a row
-- that has heard of that place or a later one stays as it is.

-- name: lock
-- description: One at a time writes about a store. Four streams tell of the same stores, each in batches of its own
-- order; without this two of them would wait for each other.
SELECT pg_advisory_xact_lock(hashtextextended('dashboard:' || store_id, 0))
FROM unnest(%(stores)s::text[]) AS store_id

-- name: tell
-- description: What open pages have to look at again, once this is committed.
SELECT pg_notify('dashboard_live', %(payload)s)

-- name: heard
-- description: When the newest event of a store happened, of whatever service.
INSERT INTO stores (store_id, heard_at) VALUES (%(store_id)s, %(at)s)
ON CONFLICT (store_id) DO UPDATE SET heard_at = excluded.heard_at WHERE stores.heard_at < excluded.heard_at

-- name: store_told
-- description: What onboarding says of a store; columns that it does not speak of stay.
UPDATE stores SET
    (name, domain, currency, prices_include_vat, vat_bp, plan, connected, needs_reauthorization, paused, pause_reason,
        pause_reason_ar, entitlement, entitlement_ends_on, settings, settings_version, forgotten) = (
        SELECT name, domain, currency, prices_include_vat, vat_bp, plan, connected, needs_reauthorization, paused,
            pause_reason, pause_reason_ar, entitlement, entitlement_ends_on, settings, settings_version, forgotten
        FROM jsonb_populate_record(stores, %(said)s::jsonb)
    ),
    told = %(told)s
WHERE store_id = %(store_id)s AND told < %(told)s

-- name: forget_login_links
-- description: A forgotten store takes along what the dashboard itself knew of it.
DELETE FROM login_links
WHERE store_id = %(store_id)s AND EXISTS (SELECT FROM stores WHERE store_id = %(store_id)s AND told < %(told)s)

-- name: forget_sessions
-- description: The same of sessions.
DELETE FROM sessions
WHERE store_id = %(store_id)s AND EXISTS (SELECT FROM stores WHERE store_id = %(store_id)s AND told < %(told)s)

-- name: forget_answers
-- description: The same of answers.
DELETE FROM answers
WHERE store_id = %(store_id)s AND EXISTS (SELECT FROM stores WHERE store_id = %(store_id)s AND told < %(told)s)

-- name: forget_notification_wishes
-- description: The same of what people wanted to hear of.
DELETE FROM notification_wishes
WHERE store_id = %(store_id)s AND EXISTS (SELECT FROM stores WHERE store_id = %(store_id)s AND told < %(told)s)

-- name: forget_invitations
-- description: The same of invitations.
DELETE FROM invitations
WHERE store_id = %(store_id)s AND EXISTS (SELECT FROM stores WHERE store_id = %(store_id)s AND told < %(told)s)

-- name: forget_barred
-- description: The same of users of Salla who were removed.
DELETE FROM barred
WHERE store_id = %(store_id)s AND EXISTS (SELECT FROM stores WHERE store_id = %(store_id)s AND told < %(told)s)

-- name: forget_people
-- description: The same of people who have no other store, with all that is theirs.
DELETE FROM people USING memberships AS here
WHERE here.store_id = %(store_id)s AND here.person_id = people.person_id
    AND NOT EXISTS (
        SELECT FROM memberships AS elsewhere
        WHERE elsewhere.person_id = people.person_id AND elsewhere.store_id <> %(store_id)s
    )
    AND EXISTS (SELECT FROM stores WHERE store_id = %(store_id)s AND told < %(told)s)

-- name: forget_memberships
-- description: And of the others their place there.
DELETE FROM memberships
WHERE store_id = %(store_id)s AND EXISTS (SELECT FROM stores WHERE store_id = %(store_id)s AND told < %(told)s)

-- name: forget_sheets
-- description: The same of sheets.
DELETE FROM sheets
WHERE store_id = %(store_id)s AND EXISTS (SELECT FROM stores WHERE store_id = %(store_id)s AND told < %(told)s)

-- name: forget_inquiries
-- description: The same of long questions.
DELETE FROM inquiries
WHERE store_id = %(store_id)s AND EXISTS (SELECT FROM stores WHERE store_id = %(store_id)s AND told < %(told)s)

-- name: system_told
-- description: What an operator set for the whole installation.
INSERT INTO system (stopped, system_fence, told) VALUES (%(stopped)s, %(system_fence)s, %(told)s)
ON CONFLICT (only_one) DO UPDATE SET
    stopped = excluded.stopped, system_fence = excluded.system_fence, told = excluded.told
WHERE system.told < excluded.told

-- name: items_seen
-- description: Items as Salla showed them. A shelf price that is new is a step; what was written is one already.
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(items)s::jsonb) AS given (
        item_key text, product_id text, variant_id text, name text, sku text, brand text, category text, status text,
        currency text, base_price bigint, shelf_price bigint, cost bigint, stock bigint, unlimited boolean,
        has_variants boolean, url text
    )
), fresh AS (
    SELECT given.*, items.shelf_price AS shelf_before, coalesce(items.seen_at IS NOT NULL, false) AS is_known
    FROM given LEFT JOIN items ON items.store_id = %(store_id)s AND items.item_key = given.item_key
    WHERE items.told IS NULL OR items.told < %(told)s
), steps AS (
    INSERT INTO prices (store_id, item_key, at, event_id, shelf_price, cause, told)
    SELECT %(store_id)s, item_key, %(at)s, %(event_id)s, shelf_price,
        CASE WHEN is_known THEN 'seen' ELSE 'first' END, %(told)s
    FROM fresh WHERE NOT has_variants AND (NOT is_known OR shelf_before IS DISTINCT FROM shelf_price)
    ON CONFLICT (store_id, item_key, at, event_id) DO NOTHING
)
INSERT INTO items (store_id, item_key, product_id, variant_id, name, sku, brand, category, status, currency, base_price,
    shelf_price, cost, stock, unlimited, has_variants, url, seen_at, told)
SELECT %(store_id)s, item_key, product_id, variant_id, name, sku, brand, category, status, currency, base_price,
    shelf_price, cost, stock, unlimited, has_variants, url, %(at)s, %(told)s
FROM fresh
ON CONFLICT (store_id, item_key) DO UPDATE SET
    name = excluded.name, sku = excluded.sku, brand = excluded.brand, category = excluded.category,
    status = excluded.status, currency = excluded.currency, base_price = excluded.base_price,
    shelf_price = excluded.shelf_price, cost = excluded.cost, stock = excluded.stock, unlimited = excluded.unlimited,
    has_variants = excluded.has_variants, url = excluded.url, seen_at = excluded.seen_at, told = excluded.told

-- name: items_gone
-- description: Items that Salla no longer has; their past stays.
UPDATE items SET status = 'deleted', told = %(told)s
WHERE store_id = %(store_id)s AND item_key = ANY (%(keys)s) AND told < %(told)s

-- name: rule_set
-- description: What the merchant says of an item, seen or not.
INSERT INTO items (store_id, item_key, product_id, variant_id, min_price, max_price, locked, own_cost, own_mode, told)
VALUES (%(store_id)s, %(item_key)s, %(product_id)s, %(variant_id)s, %(min_price)s, %(max_price)s, %(locked)s,
    %(own_cost)s, %(own_mode)s, %(told)s)
ON CONFLICT (store_id, item_key) DO UPDATE SET
    min_price = excluded.min_price, max_price = excluded.max_price, locked = excluded.locked,
    own_cost = excluded.own_cost, own_mode = excluded.own_mode, told = excluded.told
WHERE items.told < excluded.told

-- name: price_applied
-- description: A price that we wrote and read back.
WITH moved AS (
    UPDATE items SET base_price = %(base_price)s, shelf_price = %(shelf_price)s, told = %(told)s
    WHERE store_id = %(store_id)s AND item_key = %(item_key)s AND told < %(told)s
)
INSERT INTO prices (store_id, item_key, at, event_id, shelf_price, cause, decision_id, told)
VALUES (%(store_id)s, %(item_key)s, %(at)s, %(event_id)s, %(shelf_price)s, 'applied', %(decision_id)s, %(told)s)
ON CONFLICT (store_id, item_key, at, event_id) DO NOTHING

-- name: price_edited
-- description: A hand edit. The look that found it has told the new price just before, so that step gets its cause;
-- where it has not, the shelf price is unknown until somebody looks.
WITH named AS (
    UPDATE prices SET cause = 'hand_edit'
    WHERE store_id = %(store_id)s AND item_key = %(item_key)s AND at = %(at)s AND cause = 'seen' AND told < %(told)s
), moved AS (
    UPDATE items SET base_price = %(found)s, shelf_price = NULL, told = %(told)s
    WHERE store_id = %(store_id)s AND item_key = %(item_key)s AND base_price <> %(found)s AND told < %(told)s
    RETURNING item_key
)
INSERT INTO prices (store_id, item_key, at, event_id, shelf_price, cause, told)
SELECT %(store_id)s, item_key, %(at)s, %(event_id)s, NULL, 'hand_edit', %(told)s FROM moved
ON CONFLICT (store_id, item_key, at, event_id) DO NOTHING

-- name: proposal_made
-- description: A proposal; it is made once.
INSERT INTO proposals (store_id, proposal_id, run_id, item_key, state, old_shelf_price, new_shelf_price, floor, ceiling,
    reference, risk, disposition, expected, proposed_at, expires_at, document, told)
VALUES (%(store_id)s, %(proposal_id)s, %(run_id)s, %(item_key)s, 'pending', %(old_shelf_price)s, %(new_shelf_price)s,
    %(floor)s, %(ceiling)s, %(reference)s, %(risk)s, %(disposition)s, %(expected)s, %(at)s, %(expires_at)s,
    %(document)s::jsonb, %(told)s)
ON CONFLICT (store_id, proposal_id) DO NOTHING

-- name: proposal_closed
-- description: What became of a proposal; the decision of an undo has none.
UPDATE proposals SET state = %(state)s, closed_at = %(at)s, closed_by = %(closed_by)s,
    closed_reason = %(closed_reason)s, told = %(told)s
WHERE store_id = %(store_id)s AND proposal_id = %(proposal_id)s AND told < %(told)s

-- name: item_ruled
-- description: What the latest run said of an item: why its price stays, or, without a reason, that it should move. A
-- hold for another reason than before is a mark in its history.
WITH begun AS (
    INSERT INTO holds (store_id, item_key, told, at, run_id, reason, reason_ar, reason_en)
    SELECT %(store_id)s, %(item_key)s, %(told)s, %(at)s, %(run_id)s, %(reason)s, %(reason_ar)s, %(reason_en)s
    WHERE %(reason)s::text <> 'result/already_right' AND NOT EXISTS (
        SELECT FROM held
        WHERE store_id = %(store_id)s AND item_key = %(item_key)s AND (told >= %(told)s OR reason = %(reason)s)
    )
    ON CONFLICT (store_id, item_key, told) DO NOTHING
)
INSERT INTO held (store_id, item_key, run_id, at, reason, reason_ar, reason_en, reference, told)
VALUES (%(store_id)s, %(item_key)s, %(run_id)s, %(at)s, %(reason)s, %(reason_ar)s, %(reason_en)s, %(reference)s,
    %(told)s)
ON CONFLICT (store_id, item_key) DO UPDATE SET
    run_id = excluded.run_id, at = excluded.at, reason = excluded.reason, reason_ar = excluded.reason_ar,
    reason_en = excluded.reason_en, reference = excluded.reference, told = excluded.told
WHERE held.told < excluded.told

-- name: decision_made
-- description: What the optimizer says of a decision; what became of it is onboarding's to say, perhaps before. What its
-- proposal was expected to earn was told before it in the same stream, and is kept here, where sums of weeks look for it.
INSERT INTO decisions (store_id, decision_id, run_id, item_key, at, proposal_id, shelf_price, decided_by, decided_at,
    reverts_decision_id, expected, interval80_low, interval80_high, told_decided)
SELECT %(store_id)s, %(decision_id)s, %(run_id)s, %(item_key)s, %(at)s, %(proposal_id)s, %(shelf_price)s,
    %(decided_by)s, %(at)s, %(reverts_decision_id)s, proposals.expected,
    (proposals.document ->> 'interval80_low')::bigint, (proposals.document ->> 'interval80_high')::bigint, %(told)s
FROM (SELECT) AS always
LEFT JOIN proposals ON proposals.store_id = %(store_id)s AND proposals.proposal_id = %(proposal_id)s
ON CONFLICT (store_id, decision_id) DO UPDATE SET
    run_id = excluded.run_id, item_key = excluded.item_key, at = least(decisions.at, excluded.at),
    proposal_id = excluded.proposal_id, shelf_price = excluded.shelf_price, decided_by = excluded.decided_by,
    decided_at = excluded.decided_at, reverts_decision_id = excluded.reverts_decision_id, expected = excluded.expected,
    interval80_low = excluded.interval80_low, interval80_high = excluded.interval80_high,
    told_decided = excluded.told_decided
WHERE decisions.told_decided < excluded.told_decided

-- name: decision_written
-- description: How far onboarding is with a decision, which the optimizer's stream may not have told of yet.
INSERT INTO decisions (store_id, decision_id, run_id, item_key, at, state, settled_at, reason, detail, told_written)
VALUES (%(store_id)s, %(decision_id)s, %(run_id)s, %(item_key)s, %(at)s, %(state)s, %(settled_at)s, %(reason)s,
    %(detail)s, %(told)s)
ON CONFLICT (store_id, decision_id) DO UPDATE SET
    at = least(decisions.at, excluded.at), state = excluded.state, settled_at = excluded.settled_at,
    reason = excluded.reason, detail = excluded.detail, told_written = excluded.told_written
WHERE decisions.told_written < excluded.told_written

-- name: links_told
-- description: Rivals' links of an item, all of them.
INSERT INTO links (store_id, item_key, links, told) VALUES (%(store_id)s, %(item_key)s, %(links)s::jsonb, %(told)s)
ON CONFLICT (store_id, item_key) DO UPDATE SET links = excluded.links, told = excluded.told
WHERE links.told < excluded.told

-- name: offer_points
-- description: Usable prices as points of the chart, where this event was not told before.
INSERT INTO offer_points (store_id, item_key, url, observed_at, price)
SELECT %(store_id)s, item_key, url, observed_at, price
FROM jsonb_to_recordset(%(offers)s::jsonb)
    AS given (item_key text, url text, observed_at timestamptz, price bigint, fitness text)
WHERE fitness = 'usable' AND price IS NOT NULL AND NOT EXISTS (
    SELECT FROM offers WHERE offers.store_id = %(store_id)s AND offers.item_key = given.item_key
        AND offers.url = given.url AND offers.told >= %(told)s
)
ON CONFLICT (store_id, item_key, url, observed_at) DO UPDATE SET price = excluded.price

-- name: offers_told
-- description: What each page said last.
INSERT INTO offers (store_id, item_key, url, competitor, price, currency, fitness, in_stock, confidence_bp, observed_at,
    told)
SELECT %(store_id)s, item_key, url, competitor, price, currency, fitness, in_stock, confidence_bp, observed_at, %(told)s
FROM jsonb_to_recordset(%(offers)s::jsonb) AS given (
    item_key text, url text, competitor text, price bigint, currency text, fitness text, in_stock boolean,
    confidence_bp int, observed_at timestamptz
)
ON CONFLICT (store_id, item_key, url) DO UPDATE SET
    competitor = excluded.competitor, price = excluded.price, currency = excluded.currency, fitness = excluded.fitness,
    in_stock = excluded.in_stock, confidence_bp = excluded.confidence_bp, observed_at = excluded.observed_at,
    told = excluded.told
WHERE offers.told < excluded.told

-- name: offer_points_old
-- description: Points go 90 days after they were read, as the page's newer readings tell; so a rebuild agrees.
DELETE FROM offer_points USING offers
WHERE offers.store_id = %(store_id)s AND offer_points.store_id = %(store_id)s
    AND offer_points.item_key = offers.item_key AND offer_points.url = offers.url
    AND offers.told = %(told)s AND offer_points.observed_at < offers.observed_at - interval '90 days'
    AND (offers.item_key, offers.url) IN (
        SELECT item_key, url FROM jsonb_to_recordset(%(offers)s::jsonb) AS given (item_key text, url text)
    )

-- name: run_asked
-- description: A run was asked for; its trigger and slot are the scheduler's to say.
INSERT INTO runs (store_id, run_id, at, trigger, slot, requested_by, requested_at, told_asked)
VALUES (%(store_id)s, %(run_id)s, %(at)s, %(trigger)s, %(slot)s, %(requested_by)s, %(at)s, %(told)s)
ON CONFLICT (store_id, run_id) DO UPDATE SET
    at = least(runs.at, excluded.at), trigger = excluded.trigger, slot = excluded.slot,
    requested_by = excluded.requested_by, requested_at = excluded.requested_at, told_asked = excluded.told_asked
WHERE runs.told_asked < excluded.told_asked

-- name: run_known
-- description: A run that the scheduler's stream may not have told of yet; until then the optimizer's word stands.
INSERT INTO runs (store_id, run_id, at, trigger, slot)
VALUES (%(store_id)s, %(run_id)s, %(at)s, %(trigger)s, %(slot)s)
ON CONFLICT (store_id, run_id) DO UPDATE SET
    at = least(runs.at, excluded.at), trigger = coalesce(runs.trigger, excluded.trigger),
    slot = coalesce(runs.slot, excluded.slot)

-- name: run_told
-- description: How far a run is; columns that the event does not speak of stay.
UPDATE runs SET
    (state, mode, items, started_at, ended_at, scouted, statistics, failure, advice) = (
        SELECT state, mode, items, started_at, ended_at, scouted, statistics, failure, advice
        FROM jsonb_populate_record(runs, %(said)s::jsonb)
    ),
    told_run = %(told)s
WHERE store_id = %(store_id)s AND run_id = %(run_id)s AND told_run < %(told)s

-- name: activity
-- description: A line of the timeline.
INSERT INTO activity (store_id, service, event_id, at, kind, item_key, said_ar, said_en, actor)
VALUES (%(store_id)s, %(service)s, %(event_id)s, %(at)s, %(kind)s, %(item_key)s, %(said_ar)s, %(said_en)s, %(actor)s)
ON CONFLICT (store_id, service, event_id) DO NOTHING

-- name: market_week
-- description: What the last run of a week found of an item.
INSERT INTO market_weeks (store_id, week, item_key, at, shelf_price, reference, controlled, told)
VALUES (%(store_id)s, %(week)s, %(item_key)s, %(at)s, %(shelf_price)s, %(reference)s, %(controlled)s, %(told)s)
ON CONFLICT (store_id, week, item_key) DO UPDATE SET
    at = excluded.at, shelf_price = excluded.shelf_price, reference = excluded.reference,
    controlled = excluded.controlled, told = excluded.told
WHERE market_weeks.told < excluded.told

-- name: order_told
-- description: An order's present state, whole. Its weeks lose what an earlier report of it counted and gain what this
-- one does. The cost is the one known now; catalogue, rules and orders are one service's, so a rebuild finds the same.
WITH line AS (
    SELECT -1 AS sign, orders.week, told.*
    FROM orders, jsonb_to_recordset(orders.lines)
        AS told (item_key text, quantity bigint, unit_price bigint, unit_cost bigint)
    WHERE store_id = %(store_id)s AND order_id = %(order_id)s AND counted AND orders.told < %(told)s
    UNION ALL
    SELECT 1, %(week)s::date, told.item_key, told.quantity, told.unit_price, (
        SELECT coalesce(items.own_cost, items.cost) FROM items
        WHERE items.store_id = %(store_id)s AND items.item_key = told.item_key
    )
    FROM jsonb_to_recordset(%(lines)s::jsonb) AS told (item_key text, quantity bigint, unit_price bigint)
    WHERE NOT EXISTS (
        SELECT FROM orders WHERE store_id = %(store_id)s AND order_id = %(order_id)s AND orders.told >= %(told)s
    )
), kept AS (
    INSERT INTO orders (store_id, order_id, week, counted, lines, told)
    SELECT %(store_id)s, %(order_id)s, %(week)s, %(counted)s,
        coalesce(jsonb_agg(jsonb_build_object('item_key', item_key, 'quantity', quantity, 'unit_price', unit_price,
            'unit_cost', unit_cost) ORDER BY item_key, quantity, unit_price) FILTER (WHERE sign = 1), '[]'),
        %(told)s
    FROM line
    ON CONFLICT (store_id, order_id) DO UPDATE SET
        week = excluded.week, counted = excluded.counted, lines = excluded.lines, told = excluded.told
    WHERE orders.told < excluded.told
)
INSERT INTO sales_weeks (store_id, week, item_key, units, paid_units, paid, costed_units, cost)
SELECT %(store_id)s, week, item_key, sum(sign * quantity), coalesce(sum(sign * quantity) FILTER (WHERE unit_price > 0), 0),
    coalesce(sum(sign * quantity * unit_price) FILTER (WHERE unit_price > 0), 0),
    coalesce(sum(sign * quantity) FILTER (WHERE unit_cost IS NOT NULL), 0),
    coalesce(sum(sign * quantity * unit_cost), 0)
FROM line WHERE sign = -1 OR %(counted)s GROUP BY week, item_key
ON CONFLICT (store_id, week, item_key) DO UPDATE SET
    units = sales_weeks.units + excluded.units, paid_units = sales_weeks.paid_units + excluded.paid_units,
    paid = sales_weeks.paid + excluded.paid, costed_units = sales_weeks.costed_units + excluded.costed_units,
    cost = sales_weeks.cost + excluded.cost

-- name: offer_moves
-- description: Usable prices that differ from the one the page had before, where this event was not told before.
INSERT INTO offer_moves (store_id, observed_at, item_key, url, competitor, old_price, new_price)
SELECT %(store_id)s, given.observed_at, given.item_key, given.url, given.competitor, before.price, given.price
FROM jsonb_to_recordset(%(offers)s::jsonb) AS given (
    item_key text, url text, competitor text, observed_at timestamptz, price bigint, fitness text
)
CROSS JOIN LATERAL (
    SELECT offer_points.price FROM offer_points
    WHERE offer_points.store_id = %(store_id)s AND offer_points.item_key = given.item_key
        AND offer_points.url = given.url AND offer_points.observed_at < given.observed_at
    ORDER BY offer_points.observed_at DESC LIMIT 1
) AS before
WHERE fitness = 'usable' AND given.price IS NOT NULL AND before.price <> given.price AND NOT EXISTS (
    SELECT FROM offers WHERE offers.store_id = %(store_id)s AND offers.item_key = given.item_key
        AND offers.url = given.url AND offers.told >= %(told)s
)
ON CONFLICT (store_id, observed_at, item_key, url) DO NOTHING
