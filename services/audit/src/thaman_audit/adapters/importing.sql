-- Adding chains that were made elsewhere, in one transaction.

-- name: begin
-- description: A chain without an entry, where there is none.
INSERT INTO heads (store_id, seq, hash) VALUES (%(store_id)s, 0, decode(repeat('00', 32), 'hex'))
ON CONFLICT (store_id) DO NOTHING

-- name: claim
-- description: A chain's end, which nobody else moves until this transaction ends.
SELECT store_id, seq, hash FROM heads WHERE store_id = %(store_id)s FOR UPDATE

-- name: end
-- description: Where a chain ends now.
UPDATE heads SET seq = %(seq)s, hash = %(hash)s WHERE store_id = %(store_id)s

-- name: lock
-- description: As the recorder locks it, so that notification ids follow commits.
LOCK TABLE audit_events IN EXCLUSIVE MODE

-- name: checkpoint
-- description: A checkpoint, which is an event.
INSERT INTO audit_events (originator_id, originator_version, topic, state)
VALUES (%(originator_id)s, %(originator_version)s, %(topic)s, %(state)s)
