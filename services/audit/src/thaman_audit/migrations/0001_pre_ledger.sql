-- The ledger: every event of every service as it was received, hash-chained per store. The chain is made here, under
-- the lock of the store's head, so that the four streams (and any number of replicas) can append to one store.

CREATE TABLE ledger (
    store_id text NOT NULL,
    seq bigint NOT NULL,
    event_id text NOT NULL,
    service text NOT NULL,
    type text NOT NULL,
    position bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    data bytea NOT NULL,
    prev_hash bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (store_id, seq),
    UNIQUE (service, event_id)
);
CREATE INDEX ledger_types ON ledger (store_id, type, seq);
COMMENT ON TABLE ledger IS 'append-only: entries are neither changed nor deleted';

CREATE TABLE heads (
    store_id text PRIMARY KEY,
    seq bigint NOT NULL,
    hash bytea NOT NULL
) WITH (fillfactor = 50);

-- One field of the hashed form: its length as eight bytes, then the field, so that no two entries have one form.
CREATE FUNCTION ledger_field(value bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN int8send(octet_length(value)::bigint) || value;

-- An instant in the hashed form: whole microseconds since 1970.
CREATE FUNCTION ledger_micros(at timestamptz) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ledger_field(int8send((extract(epoch FROM at) * 1000000)::bigint));

-- Append a batch. Events that are in the ledger already are left out, so doing it again changes nothing.
-- thaman_audit.verify computes the same hash; a test holds the two together.
CREATE FUNCTION ledger_append(
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
BEGIN
    -- Sorted, so that two batches never wait for each other in a circle.
    INSERT INTO heads (store_id, seq, hash)
    SELECT DISTINCT store, 0, decode(repeat('00', 32), 'hex') FROM unnest(stores) AS given (store) ORDER BY store
    ON CONFLICT (store_id) DO NOTHING;
    PERFORM FROM heads WHERE store_id = ANY (stores) ORDER BY store_id FOR UPDATE;

    FOR entry IN
        SELECT store, event_id, service, type, at_position, occurred_at, body
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
            SELECT seq, hash INTO head_seq, head_hash FROM heads WHERE store_id = head_store;
        END IF;
        next_hash := sha256(
            convert_to('thaman-ledger-1', 'UTF8')
            || ledger_field(convert_to(entry.store, 'UTF8'))
            || ledger_field(int8send(head_seq + 1))
            || ledger_field(convert_to(entry.event_id, 'UTF8'))
            || ledger_field(convert_to(entry.service, 'UTF8'))
            || ledger_field(convert_to(entry.type, 'UTF8'))
            || ledger_field(int8send(entry.at_position))
            || ledger_micros(entry.occurred_at)
            || ledger_micros(now_at)
            || ledger_field(entry.body)
            || ledger_field(head_hash)
        );
        INSERT INTO ledger
        VALUES (
            entry.store, head_seq + 1, entry.event_id, entry.service, entry.type, entry.at_position,
            entry.occurred_at, now_at, entry.body, head_hash, next_hash
        );
        head_seq := head_seq + 1;
        head_hash := next_hash;
    END LOOP;
    UPDATE heads SET seq = head_seq, hash = head_hash WHERE store_id = head_store;
END
$$;
