-- Writing and reading the ledger.

-- name: open
-- description: Begin to append: the heads of stores under their locks.
SELECT store, head_seq, head_hash, opened_at FROM ledger_open(%(stores)b::text[], '{}', '{}')

-- name: known
-- description: The places, from one on, of events that are in the ledger already.
SELECT given.place FROM unnest(%(services)b::text[], %(event_ids)b::text[]) WITH ORDINALITY
    AS given (service, event_id, place)
WHERE EXISTS (SELECT FROM ledger WHERE ledger.service = given.service AND ledger.event_id = given.event_id)

-- name: append
-- description: Insert entries whose links were made under the locks of their stores' heads.
INSERT INTO ledger (
    store_id, seq, event_id, service, type, position, occurred_at, recorded_at, data, prev_hash, hash
)
SELECT store_id, seq, event_id, service, type, position, occurred_at, %(recorded_at)s, data, prev_hash, hash
FROM unnest(%(store_ids)b::text[], %(seqs)b::bigint[], %(event_ids)b::text[], %(services)b::text[], %(types)b::text[],
    %(positions)b::bigint[], %(occurred)b::timestamptz[], %(bodies)b::bytea[], %(prev_hashes)b::bytea[],
    %(hashes)b::bytea[])
    AS given (store_id, seq, event_id, service, type, position, occurred_at, data, prev_hash, hash)

-- name: move
-- description: Move the heads of stores.
UPDATE heads SET seq = given.seq, hash = given.hash
FROM unnest(%(store_ids)b::text[], %(seqs)b::bigint[], %(hashes)b::bytea[]) AS given (store_id, seq, hash)
WHERE heads.store_id = given.store_id

-- name: chain
-- description: A page of a chain, oldest first.
SELECT store_id, seq, event_id, service, type, position, occurred_at, recorded_at, data, prev_hash, hash
FROM ledger WHERE store_id = %(store_id)s AND seq > %(after)s ORDER BY seq LIMIT %(limit)s

-- name: head
-- description: The end of a store's chain.
SELECT store_id, seq, hash FROM heads WHERE store_id = %(store_id)s

-- name: timeline
-- description: A page of a store's entries, newest first.
SELECT store_id, seq, event_id, service, type, position, occurred_at, recorded_at, data, prev_hash, hash
FROM ledger
WHERE store_id = %(store_id)s AND seq < %(before)s
  AND (%(types)s::text[] IS NULL OR type = ANY (%(types)s))
  AND type <> ALL (%(without)s::text[])
  AND (%(from)s::timestamptz IS NULL OR occurred_at >= %(from)s)
  AND (%(to)s::timestamptz IS NULL OR occurred_at < %(to)s)
  AND (%(item)s::text IS NULL OR (service, event_id) IN (
      SELECT service, event_id FROM item_events WHERE store_id = %(store_id)s AND item = %(item)s
  ))
ORDER BY seq DESC LIMIT %(limit)s

-- name: price_history
-- description: A page of an item's prices, newest first.
SELECT id, at, base_price, shelf_price, old_base_price, cause, decision_id, run_id, service, event_id
FROM price_history WHERE store_id = %(store_id)s AND item = %(item)s AND id < %(before)s
ORDER BY id DESC LIMIT %(limit)s

-- name: causes
-- description: The events about an item that belong to some decisions, or to the proposals behind them.
WITH of_decisions AS (
    SELECT * FROM item_events
    WHERE store_id = %(store_id)s AND item = %(item)s AND decision_id = ANY (%(decisions)s::uuid[])
), of_proposals AS (
    SELECT item_events.* FROM item_events
    WHERE store_id = %(store_id)s AND item = %(item)s
      AND proposal_id IN (SELECT proposal_id FROM of_decisions WHERE proposal_id IS NOT NULL)
), found AS (SELECT * FROM of_decisions UNION SELECT * FROM of_proposals)
SELECT found.name, found.at, found.run_id, found.proposal_id, found.decision_id, ledger.store_id, ledger.seq,
    ledger.data, ledger.hash
FROM found JOIN ledger USING (service, event_id) ORDER BY found.at, ledger.seq

-- name: runs_of
-- description: Some runs of a store.
SELECT * FROM runs WHERE store_id = %(store_id)s AND run_id = ANY (%(runs)s::uuid[])

-- name: runs
-- description: A page of a store's runs, latest first.
SELECT * FROM runs
WHERE store_id = %(store_id)s
  AND (%(at)s::timestamptz IS NULL OR (latest_at, run_id) < (%(at)s::timestamptz, %(run_id)s::uuid))
ORDER BY latest_at DESC, run_id DESC LIMIT %(limit)s

-- name: stores
-- description: A page of stores with their chains' ends.
SELECT heads.store_id, heads.seq, heads.hash, stores.name, stores.plan, stores.via, stores.mode, stores.connected,
    stores.paused, stores.first_authorized_at
FROM heads LEFT JOIN stores USING (store_id)
WHERE heads.store_id > %(cursor)s ORDER BY heads.store_id LIMIT %(limit)s

-- name: overview
-- description: The whole ledger in a few numbers.
SELECT
    (SELECT count(*) FROM heads) AS chains,
    (SELECT coalesce(sum(seq), 0)::bigint FROM heads) AS entries,
    (SELECT count(*) FROM stores) AS stores,
    (SELECT count(*) FROM stores WHERE connected) AS connected,
    (SELECT count(*) FROM stores WHERE paused) AS paused

-- name: progress
-- description: Up to which place of each service's log the ledger has read, by partition.
SELECT application_name AS upstream, notification_id AS position FROM audit_tracking ORDER BY application_name

-- name: latest_runs
-- description: The latest runs of all stores, or of one.
SELECT * FROM runs WHERE (%(store_id)s::text IS NULL OR store_id = %(store_id)s)
ORDER BY latest_at DESC, run_id DESC LIMIT %(limit)s

-- name: run_owners
-- description: The stores that say a run is theirs; more than one would be a fault.
SELECT store_id FROM runs WHERE run_id = %(run_id)s ORDER BY store_id

-- name: run_entries
-- description: All entries of a run in its store's chain. What the optimizer said in the run lies between its start and
-- its end, because a store's entries keep each service's order; what came of it later follows. Writes are onboarding's and
-- may be anywhere. That the id occurs somewhere is looked at first, because it spares reading the JSON of all other runs.
WITH frame AS (
    SELECT * FROM ledger
    WHERE store_id = %(store_id)s AND type = ANY (%(frame)s)
      AND position(convert_to(%(run_id)s, 'UTF8') IN data) > 0
      AND convert_from(data, 'UTF8')::jsonb ->> 'run_id' = %(run_id)s
), span AS (
    SELECT min(seq) FILTER (WHERE type = %(start)s) AS first,
        coalesce(max(seq) FILTER (WHERE type = ANY (%(end)s)), 9223372036854775807) AS last
    FROM frame
), candidates AS (
    SELECT ledger.* FROM span JOIN ledger ON seq > span.first AND seq < span.last
    WHERE store_id = %(store_id)s AND type = ANY (%(during)s)
    UNION ALL
    SELECT ledger.* FROM span JOIN ledger ON seq > span.first
    WHERE store_id = %(store_id)s AND type = ANY (%(after)s)
    UNION ALL
    SELECT * FROM ledger WHERE store_id = %(store_id)s AND type = ANY (%(writes)s)
)
SELECT store_id, seq, event_id, service, type, position, occurred_at, recorded_at, data, prev_hash, hash FROM frame
UNION ALL
SELECT store_id, seq, event_id, service, type, position, occurred_at, recorded_at, data, prev_hash, hash FROM candidates
WHERE position(convert_to(%(run_id)s, 'UTF8') IN data) > 0
  AND convert_from(data, 'UTF8')::jsonb ->> 'run_id' = %(run_id)s
ORDER BY seq

-- name: entries_before
-- description: A page of a store's entries of one type before a place, newest first.
SELECT store_id, seq, event_id, service, type, position, occurred_at, recorded_at, data, prev_hash, hash
FROM ledger WHERE store_id = %(store_id)s AND type = %(type)s AND seq < %(before)s ORDER BY seq DESC LIMIT %(limit)s

-- name: on_sale
-- description: A page of the looks at the catalogue that showed a running sale, up to an instant, oldest first. The same
-- words as in their index (0008).
SELECT store_id, seq, event_id, service, type, position, occurred_at, recorded_at, data, prev_hash, hash
FROM ledger
WHERE store_id = %(store_id)s AND seq > %(after)s AND occurred_at <= %(at)s
  AND type = 'thaman.onboarding.CatalogObserved.v1' AND position('"sale_running":true'::bytea IN data) > 0
ORDER BY seq LIMIT %(limit)s

-- name: price_at
-- description: An item's price at an instant: the rows since its base price last changed ("now"), those of the base price
-- after it ("after"), the item's first ("first"), and our earlier write of the same base price ("written"), if there are.
WITH past AS (
    SELECT * FROM price_history WHERE store_id = %(store_id)s AND item = %(item)s AND at <= %(at)s
    ORDER BY id DESC LIMIT 1
), turn AS MATERIALIZED (
    SELECT coalesce((
        SELECT id FROM price_history
        WHERE store_id = %(store_id)s AND item = %(item)s AND id < past.id AND base_price <> past.base_price
        ORDER BY id DESC LIMIT 1
    ), 0) AS id FROM past
), next AS MATERIALIZED (
    SELECT found.* FROM past, LATERAL (
        SELECT id, base_price, at FROM price_history
        WHERE store_id = %(store_id)s AND item = %(item)s AND id > past.id AND base_price <> past.base_price
        ORDER BY id LIMIT 1
    ) AS found
), chosen AS (
    (
        SELECT 'now' AS part, price_history.* FROM past, turn, price_history
        WHERE price_history.store_id = %(store_id)s AND price_history.item = %(item)s
          AND price_history.id > turn.id AND price_history.id <= past.id
        ORDER BY price_history.cause = 'observed',
            CASE price_history.cause WHEN 'observed' THEN price_history.id ELSE -price_history.id END
        LIMIT %(limit)s
    )
    UNION
    SELECT 'now', past.* FROM past
    UNION ALL
    (
        SELECT 'after', price_history.* FROM next, price_history
        WHERE price_history.store_id = %(store_id)s AND price_history.item = %(item)s
          AND price_history.id >= next.id AND price_history.base_price = next.base_price AND price_history.at = next.at
        ORDER BY price_history.id LIMIT 2
    )
    UNION ALL
    (
        SELECT 'first', price_history.* FROM price_history WHERE store_id = %(store_id)s AND item = %(item)s
        ORDER BY id LIMIT 1
    )
    UNION ALL
    (
        SELECT 'written', found.* FROM past, turn, LATERAL (
            SELECT * FROM price_history
            WHERE store_id = %(store_id)s AND item = %(item)s AND id < turn.id
              AND cause = 'decision' AND base_price = past.base_price
            ORDER BY id DESC LIMIT 1
        ) AS found
    )
)
SELECT part, id, at, base_price, shelf_price, old_base_price, cause, decision_id, run_id, service, event_id
FROM chosen ORDER BY id

-- name: open_at
-- description: The runs from which a price of an item was decided, or being written, and not settled at an instant.
SELECT DISTINCT run_id FROM item_events
WHERE store_id = %(store_id)s AND item = %(item)s AND at <= %(at)s AND run_id IS NOT NULL AND decision_id IS NOT NULL
GROUP BY run_id, decision_id
HAVING bool_or(name = ANY (%(begun)s::text[])) AND NOT bool_or(name = ANY (%(settled)s::text[]))

-- name: item_entries
-- description: The entries about one item that belong to some runs, are among some events, or have some names.
-- When they were is found in the index (0010) alone, so that an item's other events are not read.
WITH instants AS MATERIALIZED (
    SELECT DISTINCT at FROM item_events
    WHERE store_id = %(store_id)s AND item = %(item)s
      AND (run_id = ANY (%(runs)s::uuid[]) OR name = ANY (%(names)s::text[]))
), found AS (
    SELECT service, event_id FROM item_events
    WHERE store_id = %(store_id)s AND item = %(item)s AND at IN (SELECT at FROM instants)
      AND (run_id = ANY (%(runs)s::uuid[]) OR name = ANY (%(names)s::text[]))
    UNION
    SELECT service, event_id FROM item_events
    JOIN unnest(%(services)s::text[], %(events)s::text[]) AS wanted (service, event_id) USING (service, event_id)
    WHERE store_id = %(store_id)s AND item = %(item)s
)
SELECT store_id, seq, event_id, service, type, position, occurred_at, recorded_at, data, prev_hash, hash
FROM found JOIN ledger USING (service, event_id) ORDER BY seq

-- name: mentions
-- description: Where the last entries of a type are that speak of an item among others, before a place, of events up to an
-- instant, newest first: at least one if there are any, and none only if there are none. The chain is looked at from the
-- place back, by one stretch of the index (0010), then two, four and so on, until there is one with an answer. The
-- condition is in the words of the index, so that no other one is thought to be better: whoever walks back by type or place
-- reads all that says nothing of the item.
WITH RECURSIVE looked AS (
    SELECT 1::bigint AS stretches, least(%(before)s::bigint - 1, seq) / 16384 + 1 AS rest, '{}'::bigint[] AS found
    FROM heads WHERE store_id = %(store_id)s
    UNION ALL
    SELECT stretches * 2, rest - stretches, ARRAY(
        SELECT seq FROM ledger
        WHERE ledger_items(store_id, data) @> ARRAY[%(store_id)s || ' ' || %(item)s]
          AND ARRAY[ledger_stretch(store_id, type, seq)] && ARRAY(
              SELECT ledger_stretch(%(store_id)s, %(type)s, number * 16384)
              FROM generate_series(greatest(rest - stretches, 0), rest - 1) AS number
          )
          AND (type IN (
              'thaman.onboarding.CatalogObserved.v1', 'thaman.onboarding.CatalogItemsRemoved.v1',
              'thaman.optimizer.CompetitorLinksChanged.v1', 'thaman.optimizer.OffersObserved.v1'
          )) IS TRUE
          AND seq < %(before)s AND (%(until)s::timestamptz IS NULL OR occurred_at <= %(until)s)
        ORDER BY seq DESC LIMIT %(limit)s
    )
    FROM looked WHERE found = '{}' AND rest > 0
)
SELECT unnest(found) AS seq FROM looked WHERE found <> '{}'

-- name: entries_at
-- description: A store's entries at some places.
SELECT store_id, seq, event_id, service, type, position, occurred_at, recorded_at, data, prev_hash, hash
FROM ledger WHERE store_id = %(store_id)s AND seq = ANY (%(places)s::bigint[])

-- name: variants_of
-- description: The items that are variants of a product.
SELECT item FROM prices WHERE store_id = %(store_id)s AND starts_with(item, %(product)s || '/') ORDER BY item LIMIT %(limit)s

-- name: applied
-- description: A page of an item's applied prices, newest first, with the first checkpoint whose history has each.
SELECT found.*, (
    SELECT number FROM checkpoint_histories
    WHERE checkpoint_histories.store_id = found.store_id AND checkpoint_histories.seq >= found.seq
    ORDER BY checkpoint_histories.seq LIMIT 1
) AS number
FROM (
    SELECT ledger.store_id, seq, ledger.event_id, ledger.service, type, position, occurred_at, recorded_at, data,
        prev_hash, hash
    FROM item_events JOIN ledger USING (service, event_id)
    WHERE item_events.store_id = %(store_id)s AND item = %(item)s AND name = %(name)s AND seq < %(before)s
    ORDER BY seq DESC LIMIT %(limit)s
) AS found ORDER BY seq DESC

-- name: of_decision
-- description: The entries about one item that belong to a decision, or to the proposal behind it, oldest first.
WITH decided AS (
    SELECT * FROM item_events WHERE store_id = %(store_id)s AND item = %(item)s AND decision_id = %(decision_id)s
), found AS (
    SELECT service, event_id FROM decided
    UNION
    SELECT service, event_id FROM item_events
    WHERE store_id = %(store_id)s AND item = %(item)s
      AND proposal_id IN (SELECT proposal_id FROM decided WHERE proposal_id IS NOT NULL)
)
SELECT store_id, seq, event_id, service, type, position, occurred_at, recorded_at, data, prev_hash, hash
FROM found JOIN ledger USING (service, event_id) WHERE store_id = %(store_id)s ORDER BY seq

-- name: applied_event
-- description: A store's entry of one type and id.
SELECT store_id, seq, event_id, service, type, position, occurred_at, recorded_at, data, prev_hash, hash
FROM ledger WHERE service = %(service)s AND event_id = %(event_id)s AND store_id = %(store_id)s AND type = %(type)s

-- name: items_of_products
-- description: The items that are some products or their variants.
SELECT DISTINCT item FROM prices
JOIN unnest(%(products)s::text[]) AS wanted (product) ON item = product OR starts_with(item, product || '/')
WHERE store_id = %(store_id)s

-- name: about
-- description: The entries that speak of some items, alone or among others, in a time, oldest first. As in mentions what
-- an index finds is taken out before anything else is asked.
WITH alone AS MATERIALIZED (
    SELECT service, event_id FROM item_events
    WHERE store_id = %(store_id)s AND item = ANY (%(items)s::text[]) AND at >= %(first)s AND at < %(end)s
), among AS MATERIALIZED (
    SELECT seq, type, occurred_at FROM ledger
    WHERE ledger_items(store_id, data) && %(keys)s::text[]
      AND (type IN (
          'thaman.onboarding.CatalogObserved.v1', 'thaman.onboarding.CatalogItemsRemoved.v1',
          'thaman.optimizer.CompetitorLinksChanged.v1', 'thaman.optimizer.OffersObserved.v1'
      )) IS TRUE
), found AS MATERIALIZED (
    SELECT seq FROM alone JOIN ledger USING (service, event_id) WHERE store_id = %(store_id)s
    UNION
    SELECT seq FROM among WHERE type = ANY (%(shared)s::text[]) AND occurred_at >= %(first)s AND occurred_at < %(end)s
)
SELECT store_id, seq, event_id, service, type, position, occurred_at, recorded_at, data, prev_hash, hash
FROM ledger WHERE store_id = %(store_id)s AND seq IN (SELECT seq FROM found)
ORDER BY seq

-- name: stated
-- description: The entries that say an item's price from one instant up to before another, and before that the last one
-- of each type, oldest first. As in mentions what an index finds is taken out before anything else is asked.
WITH speaking AS MATERIALIZED (
    SELECT seq, type, occurred_at FROM ledger
    WHERE ledger_items(store_id, data) @> ARRAY[%(store_id)s || ' ' || %(item)s]
      AND (type IN (
          'thaman.onboarding.CatalogObserved.v1', 'thaman.onboarding.CatalogItemsRemoved.v1',
          'thaman.optimizer.CompetitorLinksChanged.v1', 'thaman.optimizer.OffersObserved.v1'
      )) IS TRUE
), told AS MATERIALIZED (
    SELECT seq, type, occurred_at FROM item_events JOIN ledger USING (service, event_id)
    WHERE item_events.store_id = %(store_id)s AND item = %(item)s AND name = ANY (%(names)s::text[]) AND at < %(at)s
), both_kinds AS MATERIALIZED (
    SELECT * FROM speaking WHERE type = ANY (%(types)s::text[]) AND occurred_at < %(at)s
    UNION SELECT * FROM told
), found AS MATERIALIZED (
    SELECT seq FROM both_kinds WHERE occurred_at >= %(start)s
    UNION
    SELECT max(seq) FROM both_kinds WHERE occurred_at < %(start)s GROUP BY type
)
SELECT store_id, seq, event_id, service, type, position, occurred_at, recorded_at, data, prev_hash, hash
FROM ledger WHERE store_id = %(store_id)s AND seq IN (SELECT seq FROM found)
ORDER BY seq
