-- The scheduler's read models. `due` is claimed with SKIP LOCKED, so replicas share the work without waiting.

-- name: now
-- description: The database's clock, which all replicas share.
SELECT clock_timestamp() AS now

-- name: claim
-- description: Take rows that fire (or that a wrong clock sent far ahead) away from other replicas for a while.
WITH chosen AS (
    SELECT store_id, job FROM due
    WHERE active
      AND (fires_at <= %(now)s OR fires_at > %(now)s + patience)
      AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
      AND (job <> ALL (%(pricing)s) OR NOT EXISTS (SELECT 1 FROM installation WHERE stopped))
    ORDER BY fires_at, rank, store_id
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
UPDATE due SET claim = %(claim)s, claimed_until = clock_timestamp() + %(seconds)s * interval '1 second'
FROM chosen WHERE due.store_id = chosen.store_id AND due.job = chosen.job

-- name: claimed
-- description: The rows still under a claim, with what their timing depends on.
SELECT due.store_id, due.job, due.after, schedules.frequency_hours, schedules.tokens_at
FROM due LEFT JOIN schedules USING (store_id)
WHERE due.claim = %(claim)s AND due.active
ORDER BY due.rank, due.store_id

-- name: settle
-- description: Store the outcome of claimed rows and give them back; a row that lost its claim is not returned.
UPDATE due SET after = outcome.after, fires_at = outcome.fires_at, claim = NULL, claimed_until = NULL
FROM unnest(%(stores)s::text[], %(jobs)s::text[], %(after)s::timestamptz[], %(fires_at)s::timestamptz[])
    AS outcome (store_id, job, after, fires_at)
WHERE due.store_id = outcome.store_id AND due.job = outcome.job AND due.claim = %(claim)s
RETURNING due.store_id

-- name: release
-- description: Give claimed rows back untouched.
UPDATE due SET claim = NULL, claimed_until = NULL WHERE claim = %(claim)s

-- name: taken
-- description: Which of these slots are filled already.
SELECT originator_id FROM scheduler_events WHERE originator_id = ANY (%(originators)s) AND originator_version = 1

-- name: put_due
-- description: A job of a store as its schedule says now; looked at with the next tick, away from any claim.
INSERT INTO due (store_id, job, rank, after, fires_at, patience, active)
VALUES (%(store_id)s, %(job)s, %(rank)s, %(after)s, %(after)s, %(patience)s, %(active)s)
ON CONFLICT (store_id, job) DO UPDATE SET
    after = greatest(due.after, excluded.after), fires_at = excluded.fires_at, patience = excluded.patience,
    active = excluded.active, claim = NULL, claimed_until = NULL

-- name: put_schedule
-- description: A store's schedule for readers and for the timing of its jobs.
INSERT INTO schedules (store_id, frequency_hours, blocks, tokens_at, started_at)
VALUES (%(store_id)s, %(frequency_hours)s, %(blocks)s, %(tokens_at)s, %(started_at)s)
ON CONFLICT (store_id) DO UPDATE SET
    frequency_hours = excluded.frequency_hours, blocks = excluded.blocks, tokens_at = excluded.tokens_at

-- name: put_installation
-- description: Operators' settings as the scheduler saw them.
INSERT INTO installation (settings_version, settings, stopped)
VALUES (%(settings_version)s, %(settings)s::jsonb, %(stopped)s)
ON CONFLICT (only_one) DO UPDATE SET
    settings_version = excluded.settings_version, settings = excluded.settings, stopped = excluded.stopped

-- name: wake_all
-- description: Work out every job's next slot again.
UPDATE due SET fires_at = after, claim = NULL, claimed_until = NULL

-- name: resume_all
-- description: After an emergency stop no slot of the stop is made up for.
UPDATE due SET after = greatest(after, %(since)s) WHERE job = ANY (%(pricing)s)

-- name: installation
-- description: Operators' settings.
SELECT settings_version, settings, stopped FROM installation

-- name: schedules
-- description: A page of schedules by store.
SELECT store_id, frequency_hours, blocks, tokens_at, started_at FROM schedules
WHERE store_id > %(cursor)s ORDER BY store_id LIMIT %(limit)s

-- name: schedule
-- description: One store's schedule.
SELECT store_id, frequency_hours, blocks, tokens_at, started_at FROM schedules WHERE store_id = %(store_id)s

-- name: jobs_of
-- description: The jobs of some stores.
SELECT store_id, job, after, active FROM due WHERE store_id = ANY (%(stores)s) ORDER BY store_id, rank

-- name: lock_read_models
-- description: Keep writers of the read models away until this transaction ends.
LOCK TABLE due, schedules, installation IN EXCLUSIVE MODE

-- name: forget_due
-- description: First third of a rebuild.
DELETE FROM due

-- name: forget_schedules
-- description: Second third of a rebuild.
DELETE FROM schedules

-- name: forget_installation
-- description: Last third of a rebuild.
DELETE FROM installation

-- name: overdue
-- description: Rows that should have fired, and the age of the oldest, for the metrics.
SELECT count(*) AS waiting, coalesce(extract(epoch FROM %(now)s - min(fires_at)), 0)::float8 AS oldest_seconds
FROM due WHERE active AND fires_at <= %(now)s
  AND (job <> ALL (%(pricing)s) OR NOT EXISTS (SELECT 1 FROM installation WHERE stopped))
