-- Whether anything of one store hangs on another: every event of every service's log with its cause, and every id that the
-- ledger's entries speak of. {logs} is the union of the logs as (service, event_id, name, store_id, occurred_at, cause).

-- name: causes
-- description: How many events have a cause, and those that another store caused, the first ones first. An event of the
-- installation passes on what caused it: through any number of them, a store's event must not cause another store's. An
-- id that two services use (a run's, say) is an event of all the stores it has.
WITH RECURSIVE told AS MATERIALIZED ({logs}), owners AS MATERIALIZED (
    SELECT event_id, array_agg(DISTINCT store_id) AS stores FROM told GROUP BY event_id
), edges AS MATERIALIZED (
    SELECT told.*, owners.stores FROM told LEFT JOIN owners ON owners.event_id = told.cause
), carried AS (
    SELECT edges.event_id, origin FROM edges, unnest(edges.stores) AS origin
    WHERE edges.store_id = %(system)s AND origin <> %(system)s
    UNION
    SELECT edges.event_id, carried.origin FROM edges JOIN carried ON edges.cause = carried.event_id
    WHERE edges.store_id = %(system)s
), foreign_causes AS (
    SELECT edges.*, edges.stores AS origins FROM edges
    WHERE store_id <> %(system)s AND NOT store_id = ANY (stores) AND NOT %(system)s = ANY (stores)
    UNION ALL
    SELECT edges.*, ARRAY[carried.origin] FROM edges JOIN carried ON carried.event_id = edges.cause
    WHERE store_id <> %(system)s AND store_id <> carried.origin
)
SELECT
    (SELECT count(*) FROM told WHERE %(store)s::text IS NULL OR store_id = %(store)s) AS events,
    (SELECT count(*) FROM edges WHERE store_id = ANY (stores) AND (%(store)s::text IS NULL OR store_id = %(store)s))
        AS own,
    (SELECT count(*) FROM edges WHERE NOT store_id = ANY (stores) AND %(system)s = ANY (stores)
        AND (%(store)s::text IS NULL OR store_id = %(store)s)) AS installation,
    (SELECT count(*) FROM edges WHERE cause IS NOT NULL AND stores IS NULL
        AND (%(store)s::text IS NULL OR store_id = %(store)s)) AS unknown,
    (SELECT coalesce(jsonb_agg(to_jsonb(found)), '[]') FROM (
        SELECT service, event_id, name, store_id, cause, origins FROM foreign_causes
        WHERE %(store)s::text IS NULL OR store_id = %(store)s OR %(store)s = ANY (origins)
        ORDER BY occurred_at, event_id LIMIT %(limit)s
    ) AS found) AS foreign_causes

-- name: log
-- description: A service's log, event by event with its cause.
SELECT {service} AS service, originator_id || ':' || originator_version AS event_id, topic AS name,
    said ->> 'store_id' AS store_id, said ->> 'occurred_at' AS occurred_at, said #>> '{{meta,causation_id}}' AS cause
FROM (SELECT *, convert_from(state, 'UTF8')::jsonb AS said FROM {events}) AS stored

-- name: references
-- description: Ids that entries of several stores' chains speak of, with the first entry of the store that came second,
-- and entries that speak of another store than the one whose chain they are in.
WITH read AS (
    SELECT store_id, seq, type, recorded_at, service, event_id, convert_from(data, 'UTF8')::jsonb AS said
    FROM audit.ledger
), spoken AS (
    SELECT store_id, seq, type, recorded_at, kind, id FROM read, LATERAL (VALUES
        (service || ' originator', split_part(event_id, ':', 1)),
        ('run', said ->> 'run_id'), ('proposal', said ->> 'proposal_id'), ('decision', said ->> 'decision_id'),
        ('decision', said ->> 'reverts_decision_id'), ('observation', said ->> 'sweep_id'), ('look', said ->> 'look_id')
    ) AS ids (kind, id) WHERE id IS NOT NULL
    UNION ALL
    SELECT store_id, seq, type, recorded_at, 'decision', undone #>> '{{}}'
    FROM read, jsonb_path_query(said, '$.reverts_decision_ids[*]') AS undone
    UNION ALL
    SELECT store_id, seq, type, recorded_at, 'match', part ->> 'match_id'
    FROM read, jsonb_path_query(said, '$.*[*] ? (exists(@.match_id))') AS part
), first_said AS (
    SELECT DISTINCT ON (kind, id, store_id) kind, id, store_id, seq, type, recorded_at
    FROM spoken ORDER BY kind, id, store_id, seq
), shared AS (
    SELECT kind, id, array_agg(store_id ORDER BY recorded_at, store_id) AS stores,
        array_agg(seq ORDER BY recorded_at, store_id) AS seqs, array_agg(type ORDER BY recorded_at, store_id) AS types,
        max(recorded_at) AS recorded_at
    FROM first_said GROUP BY kind, id HAVING count(*) > 1
), foreign_entries AS (
    SELECT 'entry' AS kind, '' AS id, ARRAY[said ->> 'store_id', store_id] AS stores, ARRAY[0, seq] AS seqs,
        ARRAY['', type] AS types, recorded_at
    FROM read WHERE said ->> 'store_id' IS DISTINCT FROM store_id
)
SELECT
    (SELECT count(*) FROM read WHERE %(store)s::text IS NULL OR store_id = %(store)s) AS entries,
    (SELECT count(*) FROM first_said WHERE %(store)s::text IS NULL OR store_id = %(store)s) AS ids,
    (SELECT coalesce(jsonb_agg(to_jsonb(found)), '[]') FROM (
        SELECT * FROM (SELECT * FROM shared UNION ALL SELECT * FROM foreign_entries) AS both_kinds
        WHERE %(store)s::text IS NULL OR %(store)s = ANY (stores)
        ORDER BY recorded_at, kind, id LIMIT %(limit)s
    ) AS found) AS crossings
