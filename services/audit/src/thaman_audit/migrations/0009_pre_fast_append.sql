-- Appending in three steps: what the chain needs is read under the heads' locks, the worker makes the links, and whole
-- columns are inserted. `ledger_append` stays for the release before and for whoever appends by hand.

-- Begin to append: lock the heads of these stores and tell them, the time, and the places (from 1) of those events that
-- are in the ledger already. Every statement sees what was committed before the locks were given.
CREATE FUNCTION ledger_open(stores text[], services text[], event_ids text[])
RETURNS TABLE (store text, head_seq bigint, head_hash bytea, opened_at timestamptz, known bigint[])
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    found bigint[];
BEGIN
    -- Sorted, so that two batches never wait for each other in a circle.
    INSERT INTO heads (store_id, seq, hash)
    SELECT DISTINCT given.store_id, 0, decode(repeat('00', 32), 'hex')
    FROM unnest(stores) AS given (store_id) ORDER BY given.store_id
    ON CONFLICT (store_id) DO NOTHING;
    PERFORM FROM heads WHERE heads.store_id = ANY (stores) ORDER BY heads.store_id FOR UPDATE;
    SELECT coalesce(array_agg(given.place), '{}') INTO found
    FROM unnest(services, event_ids) WITH ORDINALITY AS given (service, event_id, place)
    JOIN ledger USING (service, event_id);
    RETURN QUERY SELECT heads.store_id, heads.seq, heads.hash, clock_timestamp(), found
    FROM heads WHERE heads.store_id = ANY (stores);
END
$$;

-- Connections plan anew each time, for the sake of queues; within a function that runs for every entry that is most of
-- its cost.
ALTER FUNCTION ledger_items(text, bytea) SET plan_cache_mode = force_generic_plan;
