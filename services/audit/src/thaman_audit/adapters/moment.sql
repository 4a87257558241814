-- Reading the ledger as a proof does.

-- name: stores
-- description: Every store that has entries, a head or a sealed head; of the ledger only one entry for each is looked at.
WITH RECURSIVE found AS (
    SELECT min(store_id) AS store_id FROM ledger
    UNION ALL
    SELECT (SELECT min(store_id) FROM ledger WHERE ledger.store_id > found.store_id)
    FROM found WHERE found.store_id IS NOT NULL
)
SELECT store_id FROM (
    SELECT store_id FROM found WHERE store_id IS NOT NULL
    UNION SELECT store_id FROM heads UNION SELECT store_id FROM checkpoint_heads
) AS stores ORDER BY store_id COLLATE "C"

-- name: count
-- description: How many entries the chains' ends speak of.
SELECT coalesce(sum(seq), 0)::bigint AS entries FROM heads

-- name: lengths
-- description: How many entries each chain has.
SELECT store_id, seq FROM heads

-- name: head
-- description: The end that is kept of a chain.
SELECT store_id, seq, hash FROM heads WHERE store_id = %(store_id)s

-- name: entry_head
-- description: An entry's hash as it is stored.
SELECT store_id, seq, hash FROM ledger WHERE store_id = %(store_id)s AND seq = %(seq)s

-- name: entries
-- description: A chain's entries after one and up to another, oldest first. Instants that no event can have become another
-- one, which does not fit the hash either, because not every instant of PostgreSQL can be read.
SELECT store_id, seq, event_id, service, type, position,
    CASE WHEN occurred_at BETWEEN '1970-01-01Z' AND '9999-01-01Z' THEN occurred_at ELSE '0001-01-02Z' END AS occurred_at,
    CASE WHEN recorded_at BETWEEN '1970-01-01Z' AND '9999-01-01Z' THEN recorded_at ELSE '0001-01-02Z' END AS recorded_at,
    data, prev_hash, hash
FROM ledger WHERE store_id = %(store_id)s AND seq > %(after)s AND seq <= %(until)s ORDER BY seq

-- name: happened
-- description: A chain's entries whose events had occurred at an instant, oldest first.
SELECT store_id, seq, event_id, service, type, position, occurred_at, recorded_at, data, prev_hash, hash
FROM ledger WHERE store_id = %(store_id)s AND occurred_at <= %(at)s ORDER BY seq

-- name: reach
-- description: How many of a chain's events had occurred at an instant, and where the last of them is.
SELECT count(*) AS entries, max(seq) AS seq FROM ledger WHERE store_id = %(store_id)s AND occurred_at <= %(at)s
