-- Advice of a crew: what a run was told, what it cost, and what agents are shown.

-- name: run_assessed
-- description: A run's advice, or why it had none.
INSERT INTO assessments (run_id, store_id, at, tokens, cost_micro_usd, document)
VALUES (%(run_id)s, %(store_id)s, %(at)s, %(tokens)s, %(cost_micro_usd)s, %(document)s::jsonb)
ON CONFLICT (run_id) DO NOTHING

-- name: advice_spent
-- description: What a store's advice has used since an instant.
SELECT coalesce(sum(tokens), 0)::bigint AS tokens, coalesce(sum(cost_micro_usd), 0)::bigint AS cost_micro_usd
FROM assessments WHERE store_id = %(store_id)s AND at >= %(since)s

-- name: item_names
-- description: Names of some of a store's items.
SELECT item_key, name FROM items WHERE store_id = %(store_id)s AND item_key = ANY(%(keys)s)

-- name: is_handed_on
-- description: Whether a run was passed on to the workers that have a crew.
SELECT 1 AS one FROM jobs WHERE queue = %(queue)s AND key = %(key)s

-- name: forget_waiting
-- description: A run that was passed on is done; the job that waited for it has nothing left to do.
UPDATE jobs SET state = 'done', updated_at = now() WHERE queue = %(queue)s AND key = %(key)s AND state = 'waiting'
