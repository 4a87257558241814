-- Inbox, parking and dead letters of one consumer. {tracking} is the service's tracking table.

-- name: advance
-- description: compare-and-set of the tracked position; touches no row when another replica was faster.
INSERT INTO {tracking} AS tracked (application_name, notification_id)
VALUES (%(upstream)s, %(position)s)
ON CONFLICT (application_name) DO UPDATE SET notification_id = excluded.notification_id
WHERE tracked.notification_id = %(expected)s
RETURNING 1

-- name: standing
-- description: up to where an upstream is tracked, and which of these stores are parked on it, at one instant.
SELECT coalesce((SELECT max(notification_id) FROM {tracking} WHERE application_name = %(upstream)s), 0) AS tracked,
    array(SELECT store_id FROM parked_stores WHERE upstream = %(upstream)s AND store_id = ANY(%(stores)s)) AS parked

-- name: park_store
-- description: from now on the store's messages of this upstream wait.
INSERT INTO parked_stores (upstream, store_id) VALUES (%(upstream)s, %(store_id)s)
ON CONFLICT (upstream, store_id) DO NOTHING

-- name: join_parking
-- description: one more message waits; touches no row when the parking was lifted meanwhile.
UPDATE parked_stores SET waiting = waiting + 1
WHERE upstream = %(upstream)s AND store_id = %(store_id)s
RETURNING 1

-- name: add_letter
-- description: keep a message that was not handled, once per place.
INSERT INTO dead_letters
    (upstream, position, store_id, event_id, event_type, subject, headers, body, state, reason, attempts)
VALUES (%(upstream)s, %(position)s, %(store_id)s, %(event_id)s, %(event_type)s, %(subject)s, %(headers)s::jsonb,
    %(body)s, %(state)s, %(reason)s, %(attempts)s)
ON CONFLICT (upstream, position) DO NOTHING

-- name: list_letters
-- description: letters in the order in which they would be handled again.
SELECT * FROM dead_letters
WHERE (%(store_id)s::text IS NULL OR store_id = %(store_id)s)
    AND (%(upstream)s::text IS NULL OR upstream = %(upstream)s)
    AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
ORDER BY upstream, store_id, position
LIMIT %(limit)s

-- name: letter
-- description: one letter by id.
SELECT * FROM dead_letters WHERE id = %(id)s

-- name: parking
-- description: the parking of one store on one upstream.
SELECT waiting FROM parked_stores WHERE upstream = %(upstream)s AND store_id = %(store_id)s

-- name: open_letters
-- description: what one parked store has waiting, in order; foreign messages (negative places) are not among them.
SELECT * FROM dead_letters
WHERE upstream = %(upstream)s AND store_id = %(store_id)s AND state IN ('parked', 'waiting') AND position > 0
ORDER BY position

-- name: lift_parking
-- description: end a parking; touches no row when a message joined since it was read.
DELETE FROM parked_stores
WHERE upstream = %(upstream)s AND store_id = %(store_id)s AND waiting = %(waiting)s
RETURNING 1

-- name: settle_letters
-- description: letters that were handled after all.
UPDATE dead_letters SET state = 'retried', updated_at = now() WHERE id = ANY(%(ids)s) AND state IN ('parked', 'waiting')

-- name: note_failed_retry
-- description: a retry failed again at this letter.
UPDATE dead_letters SET attempts = attempts + 1, reason = %(reason)s, updated_at = now() WHERE id = %(id)s

-- name: lock_parking
-- description: keep messages from joining while a letter is dropped.
SELECT 1 FROM parked_stores WHERE upstream = %(upstream)s AND store_id = %(store_id)s FOR UPDATE

-- name: drop_letter
-- description: give a letter up, with the reason kept.
UPDATE dead_letters SET state = 'dropped', reason = reason || E'\ndropped: ' || %(reason)s, updated_at = now()
WHERE id = %(id)s AND state IN ('parked', 'waiting')
RETURNING id

-- name: lift_empty_parking
-- description: end a parking that has no open letter any more.
DELETE FROM parked_stores AS parking
WHERE upstream = %(upstream)s AND store_id = %(store_id)s AND NOT EXISTS (
    SELECT 1 FROM dead_letters AS letter
    WHERE letter.upstream = parking.upstream AND letter.store_id = parking.store_id
        AND letter.state IN ('parked', 'waiting') AND letter.position > 0
)

-- name: unannounced
-- description: parked letters that the dead-letter stream has not been told of.
SELECT * FROM dead_letters WHERE state = 'parked' AND announced_at IS NULL ORDER BY id LIMIT 100

-- name: announced
-- description: the stream was told.
UPDATE dead_letters SET announced_at = now() WHERE id = %(id)s

-- name: open_counts
-- description: how many letters are open and how many stores are parked.
SELECT (SELECT count(*) FROM dead_letters WHERE state IN ('parked', 'waiting')) AS letters,
    (SELECT count(*) FROM parked_stores) AS stores
