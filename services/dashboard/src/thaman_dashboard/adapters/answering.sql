-- Answers of merchants, kept until their owner is told, and the queue of what waits for one.

-- name: lock
-- description: One at a time answers for a store, so that what is open is known.
SELECT pg_advisory_xact_lock(hashtextextended('dashboard-answers:' || %(store_id)s, 0))

-- name: standing
-- description: How each proposal stands, and the furthest answer that it has.
SELECT proposal_id, proposals.state AS proposal, (
    SELECT answers.state FROM answers
    WHERE answers.store_id = proposals.store_id AND answers.proposal_id = proposals.proposal_id
        AND answers.state IN ('waiting', 'sending', 'done')
    ORDER BY answers.state LIMIT 1
) AS answer
FROM proposals WHERE store_id = %(store_id)s AND proposal_id = ANY (%(ids)s)

-- name: keep
-- description: An answer for each of these proposals; an earlier one of the same session that came to nothing goes.
INSERT INTO answers (store_id, proposal_id, session_hash, person_id, role, approved, shown_digest, at, batch, reason, state,
    due_at)
SELECT %(store_id)s, proposal_id, %(session_hash)s, %(person_id)s, %(role)s, %(approved)s, digest, %(now)s, %(batch)s, %(reason)s,
    'waiting', %(due_at)s
FROM unnest(%(ids)s::uuid[], %(digests)s::text[]) AS shown (proposal_id, digest)
ON CONFLICT (store_id, proposal_id, session_hash) DO UPDATE SET
    person_id = excluded.person_id, role = excluded.role, approved = excluded.approved, shown_digest = excluded.shown_digest, at = excluded.at,
    batch = excluded.batch, reason = excluded.reason, state = excluded.state, due_at = excluded.due_at,
    tried_at = NULL, tries = 0, settled_at = NULL, refusal = NULL, seen_at = NULL

-- name: take_back
-- description: Withdraw what the owner was not told.
UPDATE answers SET state = 'taken_back', reason = NULL, settled_at = %(now)s
WHERE store_id = %(store_id)s AND batch = %(batch)s AND state = 'waiting'

-- name: given
-- description: The answers to a proposal, oldest first.
SELECT store_id, proposal_id, approved, shown_digest, session_hash, role, at, batch, reason, state, due_at, tries,
    settled_at, refusal, people.name AS person_name
FROM answers LEFT JOIN people USING (person_id)
WHERE store_id = %(store_id)s AND proposal_id = %(proposal_id)s ORDER BY at, session_hash

-- name: open
-- description: What the owner does not know yet.
SELECT batch, approved, count(*) AS count, count(*) FILTER (WHERE answers.state = 'sending') AS sending,
    min(due_at) AS due_at, (array_agg(coalesce(items.name, item_key) ORDER BY item_key))[:3] AS names
FROM answers JOIN proposals USING (store_id, proposal_id) LEFT JOIN items USING (store_id, item_key)
WHERE store_id = %(store_id)s AND answers.state IN ('waiting', 'sending')
GROUP BY batch, approved ORDER BY min(due_at), batch

-- name: refused
-- description: Refusals that nobody has read.
SELECT proposal_id, item_key, items.name AS item_name, approved, refusal, settled_at AS at
FROM answers LEFT JOIN proposals USING (store_id, proposal_id) LEFT JOIN items USING (store_id, item_key)
WHERE store_id = %(store_id)s AND answers.state = 'refused' AND answers.seen_at IS NULL AND settled_at > %(since)s
ORDER BY settled_at DESC, proposal_id LIMIT 10

-- name: mark_seen
-- description: The refusals were read.
UPDATE answers SET seen_at = %(now)s WHERE store_id = %(store_id)s AND state = 'refused' AND seen_at IS NULL

-- name: claim
-- description: Take answers to send them. Whoever took one and was not heard of since has died.
UPDATE answers SET state = 'sending', tried_at = %(now)s, tries = tries + 1
FROM (
    SELECT store_id, proposal_id, session_hash FROM answers
    WHERE ((state = 'waiting' AND due_at <= %(now)s) OR (state = 'sending' AND tried_at <= %(abandoned)s))
        AND (%(batch)s::uuid IS NULL OR batch = %(batch)s)
    ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) AS due
WHERE answers.store_id = due.store_id AND answers.proposal_id = due.proposal_id
    AND answers.session_hash = due.session_hash
RETURNING answers.store_id, answers.proposal_id, approved, shown_digest, answers.session_hash, role, at, batch, reason,
    state, due_at, tries, settled_at, refusal, NULL AS person_name

-- name: settle
-- description: The owner knows. What the merchant wrote is the owner's from now on.
UPDATE answers SET state = %(state)s, refusal = %(refusal)s, settled_at = %(now)s, reason = NULL,
    seen_at = CASE WHEN %(is_told)s THEN %(now)s END
WHERE store_id = %(store_id)s AND proposal_id = %(proposal_id)s AND session_hash = %(session_hash)s
    AND state = 'sending' AND tries = %(tries)s

-- name: put_back
-- description: The owner surely was not told.
UPDATE answers SET state = 'waiting', due_at = %(due_at)s
WHERE store_id = %(store_id)s AND proposal_id = %(proposal_id)s AND session_hash = %(session_hash)s
    AND state = 'sending' AND tries = %(tries)s

-- name: tell
-- description: Pages that show this store's queue are out of date.
SELECT pg_notify('dashboard_live', %(store_id)s || ' approvals,overview')

-- name: queue_by_expiry
-- description: A page of what waits for an answer, soonest to lapse first.
SELECT proposals.*, items.name AS item_name, coalesce(own_cost, items.cost) AS cost, items.brand, items.category
FROM proposals LEFT JOIN items USING (store_id, item_key)
WHERE store_id = %(store_id)s AND proposals.state = 'pending' AND disposition = 'ask'
    AND (%(risk)s::text IS NULL OR risk = %(risk)s)
    AND (%(brand)s::text IS NULL OR items.brand = %(brand)s)
    AND (%(category)s::text IS NULL OR items.category = %(category)s)
    AND (%(pattern)s::text IS NULL OR items.name ILIKE %(pattern)s OR sku ILIKE %(pattern)s
        OR item_key ILIKE %(pattern)s)
    AND (%(ids)s::uuid[] IS NULL OR proposal_id = ANY (%(ids)s))
    AND NOT EXISTS (
        SELECT FROM answers WHERE answers.store_id = proposals.store_id
            AND answers.proposal_id = proposals.proposal_id AND answers.state IN ('waiting', 'sending', 'done')
    )
    AND (%(place)s::timestamptz IS NULL OR (expires_at, proposal_id) > (%(place)s, %(id)s::uuid))
ORDER BY expires_at, proposal_id LIMIT %(limit)s

-- name: queue_by_change
-- description: The same, with the largest change first, up or down.
SELECT * FROM (
    SELECT proposals.*, items.name AS item_name, coalesce(own_cost, items.cost) AS cost, items.brand, items.category,
        abs(new_shelf_price - old_shelf_price) * 10000 / greatest(old_shelf_price, 1) AS change_bp
    FROM proposals LEFT JOIN items USING (store_id, item_key)
    WHERE store_id = %(store_id)s AND proposals.state = 'pending' AND disposition = 'ask'
        AND (%(risk)s::text IS NULL OR risk = %(risk)s)
        AND (%(brand)s::text IS NULL OR items.brand = %(brand)s)
        AND (%(category)s::text IS NULL OR items.category = %(category)s)
        AND (%(pattern)s::text IS NULL OR items.name ILIKE %(pattern)s OR sku ILIKE %(pattern)s
            OR item_key ILIKE %(pattern)s)
        AND NOT EXISTS (
            SELECT FROM answers WHERE answers.store_id = proposals.store_id
                AND answers.proposal_id = proposals.proposal_id AND answers.state IN ('waiting', 'sending', 'done')
        )
) AS queue
WHERE %(place)s::bigint IS NULL OR change_bp < %(place)s OR (change_bp = %(place)s AND proposal_id > %(id)s::uuid)
ORDER BY change_bp DESC, proposal_id LIMIT %(limit)s

-- name: queue_shape
-- description: How many fit, and what the whole queue can be filtered by.
SELECT count(*) FILTER (WHERE (%(risk)s::text IS NULL OR risk = %(risk)s)
        AND (%(brand)s::text IS NULL OR items.brand = %(brand)s)
        AND (%(category)s::text IS NULL OR items.category = %(category)s)
        AND (%(pattern)s::text IS NULL OR items.name ILIKE %(pattern)s OR sku ILIKE %(pattern)s
            OR item_key ILIKE %(pattern)s)) AS count,
    (array_agg(DISTINCT items.brand) FILTER (WHERE items.brand IS NOT NULL))[:200] AS brands,
    (array_agg(DISTINCT items.category) FILTER (WHERE items.category IS NOT NULL))[:200] AS categories
FROM proposals LEFT JOIN items USING (store_id, item_key)
WHERE store_id = %(store_id)s AND proposals.state = 'pending' AND disposition = 'ask'
    AND NOT EXISTS (
        SELECT FROM answers WHERE answers.store_id = proposals.store_id
            AND answers.proposal_id = proposals.proposal_id AND answers.state IN ('waiting', 'sending', 'done')
    )

-- name: queue_offers
-- description: The three cheapest usable offers of each item.
SELECT store_id, item_key, url, competitor, price, currency, fitness, in_stock, confidence_bp, observed_at
FROM (
    SELECT *, row_number() OVER (PARTITION BY item_key ORDER BY price, url) AS place FROM offers
    WHERE store_id = %(store_id)s AND item_key = ANY (%(keys)s) AND fitness = 'usable' AND price IS NOT NULL
) AS ranked
WHERE place <= 3 ORDER BY item_key, place
