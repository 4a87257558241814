-- What undo asks of decisions, and what it leaves behind.

-- name: undone
-- description: Earlier prices were put back; the items are left alone for a while.
INSERT INTO undone (store_id, item_key, undone_at) VALUES (%(store_id)s, %(item_key)s, %(undone_at)s)
ON CONFLICT (store_id, item_key) DO UPDATE SET undone_at = greatest(undone.undone_at, excluded.undone_at)

-- name: decisions_named
-- description: Decisions of a store by their ids.
SELECT decision_id, item_key, state, settled_at FROM decisions
WHERE store_id = %(store_id)s AND decision_id = ANY(%(ids)s) ORDER BY decision_id

-- name: decisions_of_run
-- description: What a run, or an undo, decided.
SELECT *, decided_at AS sorted_at FROM decisions WHERE store_id = %(store_id)s AND run_id = %(run_id)s
ORDER BY item_key LIMIT %(limit)s

-- name: decisions_since
-- description: Prices of a store that reached Salla after an instant.
SELECT decision_id, item_key, state, settled_at FROM decisions
WHERE store_id = %(store_id)s AND state = 'applied' AND settled_at > %(since)s ORDER BY settled_at LIMIT %(limit)s

-- name: decisions_under_policy
-- description: What was decided under a version of the store's policy.
SELECT decisions.decision_id, decisions.item_key, decisions.state, decisions.settled_at FROM decisions
JOIN proposals ON proposals.proposal_id = (decisions.document ->> 'proposal_id')::uuid
WHERE decisions.store_id = %(store_id)s AND decisions.decided_at >= %(since)s AND decisions.decided_at < %(until)s
  AND proposals.document ->> 'policy_version' = %(version)s::text
ORDER BY decisions.decided_at LIMIT %(limit)s

-- name: decisions_upon_offer
-- description: What was decided with a usable offer of an address among the recorded inputs.
SELECT decisions.decision_id, decisions.item_key, decisions.state, decisions.settled_at FROM decisions
JOIN optimizer_events AS said
    ON said.originator_id = (decisions.document ->> 'proposal_id')::uuid AND said.originator_version = 1
WHERE decisions.store_id = %(store_id)s AND decisions.decided_at >= %(since)s AND decisions.decided_at < %(until)s
  AND convert_from(said.state, 'UTF8')::jsonb -> 'inputs' -> 'offers' @> %(offer)s::jsonb
ORDER BY decisions.decided_at LIMIT %(limit)s

-- name: applied_changes
-- description: All prices of some items that reached Salla from an instant on, in the order in which they did.
SELECT decision_id, item_key, old_base_price, base_price FROM decisions
WHERE store_id = %(store_id)s AND state = 'applied' AND settled_at >= %(since)s AND item_key = ANY(%(keys)s)
ORDER BY item_key, settled_at, decision_id
