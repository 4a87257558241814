-- The same chain as before, but the entries of a batch are inserted by one statement.

CREATE OR REPLACE FUNCTION ledger_append(
    stores text[], event_ids text[], services text[], types text[], positions bigint[], occurred timestamptz[],
    bodies bytea[]
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    entry record;
    head_store text;
    head_seq bigint;
    head_hash bytea;
    next_hash bytea;
    now_at timestamptz := clock_timestamp();
    stamp bytea := ledger_micros(now_at);
    opening bytea := convert_to('thaman-ledger-1', 'UTF8');
    store_field bytea;
    places bigint[] := '{}';
    seqs bigint[] := '{}';
    prev_hashes bytea[] := '{}';
    hashes bytea[] := '{}';
BEGIN
    -- Sorted, so that two batches never wait for each other in a circle.
    INSERT INTO heads (store_id, seq, hash)
    SELECT DISTINCT store, 0, decode(repeat('00', 32), 'hex') FROM unnest(stores) AS given (store) ORDER BY store
    ON CONFLICT (store_id) DO NOTHING;
    PERFORM FROM heads WHERE store_id = ANY (stores) ORDER BY store_id FOR UPDATE;

    FOR entry IN
        SELECT store, event_id, service, type, at_position, occurred_at, body, place
        FROM (
            SELECT DISTINCT ON (given.service, given.event_id) given.*
            FROM unnest(stores, event_ids, services, types, positions, occurred, bodies) WITH ORDINALITY
                AS given (store, event_id, service, type, at_position, occurred_at, body, place)
            WHERE NOT EXISTS (
                SELECT FROM ledger WHERE ledger.service = given.service AND ledger.event_id = given.event_id
            )
            ORDER BY given.service, given.event_id, given.place
        ) AS fresh
        ORDER BY store, place
    LOOP
        IF head_store IS DISTINCT FROM entry.store THEN
            UPDATE heads SET seq = head_seq, hash = head_hash WHERE store_id = head_store;
            head_store := entry.store;
            store_field := ledger_field(convert_to(head_store, 'UTF8'));
            SELECT seq, hash INTO head_seq, head_hash FROM heads WHERE store_id = head_store;
        END IF;
        head_seq := head_seq + 1;
        next_hash := sha256(
            opening
            || store_field
            || ledger_field(int8send(head_seq))
            || ledger_field(convert_to(entry.event_id, 'UTF8'))
            || ledger_field(convert_to(entry.service, 'UTF8'))
            || ledger_field(convert_to(entry.type, 'UTF8'))
            || ledger_field(int8send(entry.at_position))
            || ledger_micros(entry.occurred_at)
            || stamp
            || ledger_field(entry.body)
            || ledger_field(head_hash)
        );
        places := places || entry.place;
        seqs := seqs || head_seq;
        prev_hashes := prev_hashes || head_hash;
        hashes := hashes || next_hash;
        head_hash := next_hash;
    END LOOP;
    UPDATE heads SET seq = head_seq, hash = head_hash WHERE store_id = head_store;

    INSERT INTO ledger (
        store_id, seq, event_id, service, type, position, occurred_at, recorded_at, data, prev_hash, hash
    )
    SELECT given.store, link.seq, given.event_id, given.service, given.type, given.at_position, given.occurred_at,
        now_at, given.body, link.prev_hash, link.hash
    FROM unnest(places, seqs, prev_hashes, hashes) AS link (place, seq, prev_hash, hash)
    JOIN unnest(stores, event_ids, services, types, positions, occurred, bodies) WITH ORDINALITY
        AS given (store, event_id, service, type, at_position, occurred_at, body, place) USING (place);
END
$$;
