-- Questions over which an owner works for long. Whoever claimed one guards it by the number of the try.

-- name: lock
-- description: One at a time asks, so that what is open is known.
SELECT pg_advisory_xact_lock(hashtextextended('dashboard-inquiries', 0))

-- name: same
-- description: The same question, while it is open.
SELECT inquiry_id FROM inquiries
WHERE store_id = %(store_id)s AND kind = %(kind)s AND digest = %(digest)s AND state IN ('asked', 'running')

-- name: count_open
-- description: How many wait for an answer, of the store and altogether.
SELECT count(*) FILTER (WHERE store_id = %(store_id)s) AS of_store, count(*) AS altogether
FROM inquiries WHERE state IN ('asked', 'running')

-- name: keep
-- description: A new question.
INSERT INTO inquiries (store_id, inquiry_id, kind, person_id, asked, digest, asked_at)
VALUES (%(store_id)s, %(inquiry_id)s, %(kind)s, %(person_id)s, %(asked)s::jsonb, %(digest)s, %(now)s)

-- name: find
-- description: One question of a store.
SELECT store_id, inquiry_id, kind, asked, state, asked_at, tries, done, total, answer, refusal, ended_at
FROM inquiries WHERE store_id = %(store_id)s AND inquiry_id = %(inquiry_id)s AND kind = %(kind)s

-- name: latest_open
-- description: The open question of a kind that was asked last.
SELECT inquiry_id FROM inquiries
WHERE store_id = %(store_id)s AND kind = %(kind)s AND state IN ('asked', 'running')
ORDER BY asked_at DESC, inquiry_id LIMIT 1

-- name: claim
-- description: Take the next question. Whoever took one and was not seen since has died, and left the place of its kind.
UPDATE inquiries SET state = 'running', begun_at = %(now)s, seen_at = %(now)s, tries = tries + 1, done = NULL, total = NULL
FROM (
    SELECT store_id, inquiry_id FROM inquiries AS next
    WHERE (state = 'running' AND seen_at <= %(abandoned)s) OR (
        state = 'asked' AND NOT EXISTS (
            SELECT FROM inquiries AS under_way
            WHERE under_way.store_id = next.store_id AND under_way.kind = next.kind AND under_way.state = 'running'
        )
    )
    ORDER BY asked_at, inquiry_id LIMIT 1 FOR UPDATE SKIP LOCKED
) AS due
WHERE inquiries.store_id = due.store_id AND inquiries.inquiry_id = due.inquiry_id
RETURNING inquiries.store_id, inquiries.inquiry_id, kind, asked, state, asked_at, tries, done, total, answer, refusal, ended_at

-- name: seen
-- description: Whoever claimed it is still at it.
UPDATE inquiries SET seen_at = %(now)s, done = %(done)s, total = %(total)s
WHERE store_id = %(store_id)s AND inquiry_id = %(inquiry_id)s AND state = 'running' AND tries = %(tries)s

-- name: settle
-- description: What became of it.
UPDATE inquiries SET state = %(state)s, answer = %(answer)s::jsonb, refusal = %(refusal)s, ended_at = %(now)s
WHERE store_id = %(store_id)s AND inquiry_id = %(inquiry_id)s AND state = 'running' AND tries = %(tries)s

-- name: put_back
-- description: Nobody asks it any more; how far it was says nothing about the next time.
UPDATE inquiries SET state = 'asked', begun_at = NULL, seen_at = NULL, done = NULL, total = NULL
WHERE store_id = %(store_id)s AND inquiry_id = %(inquiry_id)s AND state = 'running' AND tries = %(tries)s

-- name: clean
-- description: Remove questions of another day.
DELETE FROM inquiries WHERE asked_at <= %(until)s
