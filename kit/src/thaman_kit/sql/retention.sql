-- What the weekly retention does in every service that has jobs.

-- name: archive_jobs
-- description: Move jobs that ended before an instant out of the way. The same slot asked for twice finds nothing left.
WITH ended AS (
    DELETE FROM jobs WHERE state IN ('done', 'dropped') AND updated_at < %(before)s
    RETURNING id, queue, key, store_id, payload, state, attempts, last_error, created_at, updated_at
)
INSERT INTO jobs_archive (id, queue, key, store_id, payload, state, attempts, last_error, created_at, updated_at)
SELECT id, queue, key, store_id, payload, state, attempts, last_error, created_at, updated_at FROM ended
