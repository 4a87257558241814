-- Sealing and reading checkpoints. They are events of one originator, so the event log is what is read.

-- name: latest
-- description: The latest checkpoint.
SELECT originator_id, originator_version, topic, state FROM audit_events
WHERE originator_id = %(checkpoints)s ORDER BY originator_version DESC LIMIT 1

-- name: page
-- description: A page of checkpoints, newest first.
SELECT originator_id, originator_version, topic, state FROM audit_events
WHERE originator_id = %(checkpoints)s AND originator_version < %(before)s
ORDER BY originator_version DESC LIMIT %(limit)s

-- name: onwards
-- description: A page of checkpoints, oldest first.
SELECT originator_id, originator_version, topic, state FROM audit_events
WHERE originator_id = %(checkpoints)s AND originator_version > %(after)s
ORDER BY originator_version LIMIT %(limit)s

-- name: keys
-- description: The public keys that signed checkpoints, oldest first.
SELECT said ->> 'key_id' AS key_id, said ->> 'public_key' AS public_key, min(number) AS first_number,
    max(number) AS last_number, min(said ->> 'occurred_at')::timestamptz AS since
FROM (
    SELECT originator_version AS number, convert_from(state, 'UTF8')::jsonb AS said
    FROM audit_events WHERE originator_id = %(checkpoints)s
) AS checkpoints
GROUP BY said ->> 'key_id', said ->> 'public_key' ORDER BY first_number

-- name: heads
-- description: All chains' ends at one moment, beside what the latest checkpoint holds of them.
SELECT coalesce(heads.store_id, held.store_id) AS store_id, heads.seq, heads.hash,
    held.seq AS held_seq, held.hash AS held_hash
FROM (SELECT * FROM heads WHERE seq > 0) AS heads
FULL JOIN (
    SELECT DISTINCT ON (store_id) store_id, seq, hash FROM checkpoint_heads ORDER BY store_id, number DESC
) AS held USING (store_id)

-- name: hold
-- description: Note the heads that moved since the checkpoint before.
INSERT INTO checkpoint_heads (store_id, number, seq, hash)
SELECT store_id, %(number)s, seq, hash
FROM unnest(%(store_ids)s::text[], %(seqs)s::bigint[], %(hashes)b::bytea[]) AS given (store_id, seq, hash)

-- name: moved
-- description: The heads that moved between a checkpoint and the one before.
SELECT store_id, seq, hash FROM checkpoint_heads WHERE number = %(number)s

-- name: sealed
-- description: At which lengths checkpoints sealed a chain; where several did, the first one counts.
SELECT seq, number, hash FROM checkpoint_heads
WHERE store_id = %(store_id)s AND number <= %(until)s ORDER BY number DESC

-- name: announced
-- description: The last checkpoint that the ledger itself has heard of.
SELECT data FROM ledger WHERE store_id = %(system)s AND type = %(type)s ORDER BY seq DESC LIMIT 1
