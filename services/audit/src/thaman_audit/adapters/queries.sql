-- Writing and reading the ledger.

-- name: append
-- description: Append a batch of events to their stores' chains.
SELECT ledger_append(%(store_id)s::text[], %(event_id)s::text[], %(service)s::text[], %(type)s::text[],
    %(position)s::bigint[], %(occurred_at)s::timestamptz[], %(data)b::bytea[])

-- name: chain
-- description: A page of a chain, oldest first.
SELECT store_id, seq, event_id, service, type, position, occurred_at, recorded_at, data, prev_hash, hash
FROM ledger WHERE store_id = %(store_id)s AND seq > %(after)s ORDER BY seq LIMIT %(limit)s

-- name: head
-- description: The end of a store's chain.
SELECT store_id, seq, hash FROM heads WHERE store_id = %(store_id)s

-- name: heads
-- description: All chains' ends, a page by store.
SELECT store_id, seq, hash FROM heads WHERE store_id > %(cursor)s ORDER BY store_id LIMIT %(limit)s

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
SELECT found.name, found.at, found.run_id, found.proposal_id, found.decision_id, ledger.seq, ledger.data
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
