-- Histories of chains: what is sealed of them, and what proofs are made from.

-- name: held
-- description: Of each store the history that a checkpoint holds; one look at the index for each store.
SELECT held.* FROM (SELECT store_id FROM heads WHERE seq > 0) AS stores
CROSS JOIN LATERAL (
    SELECT store_id, seq, hash, root FROM checkpoint_histories
    WHERE checkpoint_histories.store_id = stores.store_id AND number <= %(number)s ORDER BY number DESC LIMIT 1
) AS held

-- name: covering
-- description: The first checkpoint whose history of a store has an entry.
SELECT number, seq FROM checkpoint_histories
WHERE store_id = %(store_id)s AND seq >= %(seq)s ORDER BY seq LIMIT 1

-- name: last
-- description: The last checkpoint that noted a history of a store.
SELECT number, seq FROM checkpoint_histories WHERE store_id = %(store_id)s ORDER BY number DESC LIMIT 1

-- name: of_store
-- description: All histories of a store that were sealed, oldest first.
SELECT number, store_id, seq, hash, root FROM checkpoint_histories
WHERE store_id = %(store_id)s AND number <= %(until)s ORDER BY number

-- name: moved
-- description: The histories that a checkpoint noted.
SELECT store_id, seq, hash, root FROM checkpoint_histories WHERE number = %(number)s

-- name: leaves
-- description: The hashes of a chain's entries after one and up to another.
SELECT hash FROM ledger WHERE store_id = %(store_id)s AND seq > %(after)s AND seq <= %(until)s ORDER BY seq

-- name: nodes
-- description: The nodes over a chain's whole chunks.
SELECT chunk, hash FROM history_nodes WHERE store_id = %(store_id)s AND chunk < %(until)s ORDER BY chunk

-- name: note
-- description: Note histories that moved.
INSERT INTO checkpoint_histories (store_id, number, seq, hash, root)
SELECT store_id, %(number)s, seq, hash, root
FROM unnest(%(store_ids)s::text[], %(seqs)s::bigint[], %(hashes)b::bytea[], %(roots)b::bytea[])
    AS given (store_id, seq, hash, root)

-- name: keep
-- description: Keep nodes over chunks that are whole now.
INSERT INTO history_nodes (store_id, chunk, hash)
SELECT * FROM unnest(%(store_ids)s::text[], %(chunks)s::bigint[], %(hashes)b::bytea[])
ON CONFLICT DO NOTHING
