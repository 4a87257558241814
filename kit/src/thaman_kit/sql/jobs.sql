-- Durable jobs. A job is claimed with a lease; whoever holds the lease may complete it, in the transaction of its effect.

-- name: enqueue
-- description: Put a job into a queue once per (queue, key); a second time is ignored.
INSERT INTO jobs (queue, key, store_id, payload, run_at, priority)
VALUES (%(queue)s, %(key)s, %(store_id)s, %(payload)s::jsonb, coalesce(%(run_at)s, now()), %(priority)s)
ON CONFLICT (queue, key) DO NOTHING

-- name: claim
-- description: Lease due jobs, at most one running job per queue and store.
WITH due AS (
    -- Only the front of the queue is looked at, so that a long one costs no more than a short one. A store that fills
    -- it is running after the first claim and then no longer in the way.
    SELECT id, store_id, priority, run_at
    FROM jobs
    WHERE queue = %(queue)s AND state = 'waiting' AND run_at <= now()
      AND NOT EXISTS (
          SELECT 1 FROM jobs running
          WHERE running.queue = jobs.queue AND running.store_id = jobs.store_id AND running.state = 'running'
      )
    ORDER BY priority, run_at, id
    LIMIT 64 * %(limit)s
), first_of_store AS (
    SELECT DISTINCT ON (store_id) id FROM due ORDER BY store_id, priority, run_at, id
), chosen AS (
    SELECT id FROM jobs
    WHERE id = ANY (ARRAY(SELECT id FROM first_of_store)) AND state = 'waiting'
    ORDER BY priority, run_at, id
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
UPDATE jobs
SET state = 'running', lease = gen_random_uuid(), leased_until = now() + %(lease_seconds)s * interval '1 second',
    attempts = attempts + 1, updated_at = now()
WHERE id = ANY (ARRAY(SELECT id FROM chosen))
RETURNING id, queue, key, store_id, payload, attempts, run_at, lease

-- name: expire_leases
-- description: Jobs whose worker died go back into the queue.
UPDATE jobs SET state = 'waiting', lease = NULL, leased_until = NULL, updated_at = now()
WHERE queue = %(queue)s AND state = 'running' AND leased_until < now()

-- name: extend_leases
-- description: Heartbeat of the jobs in hand; returns those still ours.
UPDATE jobs SET leased_until = now() + %(lease_seconds)s * interval '1 second'
WHERE lease = ANY(%(leases)s) AND state = 'running'
RETURNING lease

-- name: complete
-- description: Finish a job if the lease is still ours.
UPDATE jobs SET state = 'done', lease = NULL, leased_until = NULL, updated_at = now()
WHERE id = %(id)s AND lease = %(lease)s AND state = 'running'
RETURNING id

-- name: retry
-- description: Put a job back for a later attempt.
UPDATE jobs SET state = 'waiting', lease = NULL, leased_until = NULL, last_error = %(error)s, updated_at = now(),
    run_at = now() + %(delay_seconds)s * interval '1 second', attempts = attempts - %(forgive)s
WHERE id = %(id)s AND lease = %(lease)s AND state = 'running'
RETURNING id

-- name: bury
-- description: Give a job up; it is kept, with its reason, for an operator.
UPDATE jobs SET state = 'dead', lease = NULL, leased_until = NULL, last_error = %(error)s, updated_at = now()
WHERE id = %(id)s AND lease = %(lease)s AND state = 'running'
RETURNING id

-- name: next_due
-- description: Seconds until the next waiting job of a queue is due, null when none waits.
SELECT extract(epoch FROM min(run_at) - now())::float8 AS seconds FROM jobs WHERE queue = %(queue)s AND state = 'waiting'

-- name: counts
-- description: Jobs of each queue by state.
SELECT queue, state, count(*) AS jobs FROM jobs WHERE state <> 'done' GROUP BY queue, state ORDER BY queue, state

-- name: dead
-- description: The jobs that were given up.
SELECT id, queue, key, store_id, payload, attempts, last_error, updated_at FROM jobs
WHERE state = 'dead' ORDER BY updated_at, id LIMIT %(limit)s

-- name: revive
-- description: An operator's retry of a dead job.
UPDATE jobs SET state = 'waiting', attempts = 0, run_at = now(), updated_at = now() WHERE id = %(id)s AND state = 'dead'
RETURNING id

-- name: discard
-- description: An operator's drop of a dead job; the row stays with its reason.
UPDATE jobs SET state = 'dropped', last_error = coalesce(last_error, '') || ' | dropped: ' || %(reason)s, updated_at = now()
WHERE id = %(id)s AND state = 'dead' RETURNING id
