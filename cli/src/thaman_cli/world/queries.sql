-- What check_world asks of the schemas. {schema} is a service's schema; {events}, {tracking} are its tables.

-- name: log
-- description: A service's whole log.
SELECT notification_id, originator_id, originator_version, topic, state FROM {events} ORDER BY notification_id

-- name: ledger
-- description: The whole ledger, chain by chain.
SELECT store_id, seq, event_id, service, type, position, occurred_at, recorded_at, data, prev_hash, hash
FROM audit.ledger ORDER BY store_id, seq

-- name: heads
-- description: The chains' ends.
SELECT store_id, seq, hash FROM audit.heads

-- name: checkpoints
-- description: Every checkpoint, oldest first.
SELECT originator_version, state FROM audit.audit_events WHERE topic = 'checkpoint.Sealed' ORDER BY originator_version

-- name: checkpoint_heads
-- description: The heads that moved with each checkpoint.
SELECT number, store_id, seq, hash FROM audit.checkpoint_heads ORDER BY number, store_id

-- name: checkpoint_histories
-- description: The histories that grew with each checkpoint.
SELECT number, store_id, seq, hash, root FROM audit.checkpoint_histories ORDER BY number, store_id

-- name: tracked
-- description: How far a service has read each feed.
SELECT application_name AS upstream, notification_id AS position FROM {tracking}

-- name: put_aside
-- description: Events that the ledger keeps as dead letters.
SELECT upstream, event_id FROM audit.dead_letters WHERE event_id IS NOT NULL

-- name: foreign_entries
-- description: Ledger entries that speak of another store than the one whose chain they are in.
SELECT store_id, seq, said FROM (
    SELECT store_id, seq, convert_from(data, 'UTF8')::jsonb ->> 'store_id' AS said FROM audit.ledger
) AS told WHERE said IS DISTINCT FROM store_id

-- name: keys
-- description: The API keys that a service knows.
SELECT key_id, scope, coalesce(store_id, 'system') AS store FROM {schema}.api_keys

-- name: id_columns
-- description: The columns with such names in tables whose rows belong to a store.
SELECT c.table_schema AS schema, c.table_name AS table, c.column_name AS column
FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
JOIN information_schema.columns s USING (table_schema, table_name)
WHERE c.table_schema = ANY (%(schemas)s) AND t.table_type = 'BASE TABLE'
  AND c.column_name = ANY (%(names)s) AND s.column_name = 'store_id'
ORDER BY 1, 2, 3

-- name: ids
-- description: The ids in a column, each with the stores of its rows.
SELECT {column}::text AS id, array_agg(DISTINCT store_id::text) AS stores FROM {table}
WHERE {column} IS NOT NULL GROUP BY 1

-- name: ledger_prices
-- description: The last price of each item as the audit keeps it.
SELECT store_id, item, base_price FROM audit.prices

-- name: history_ends
-- description: The last line of each item's price history.
SELECT DISTINCT ON (store_id, item) store_id, item, base_price FROM audit.price_history
ORDER BY store_id, item, id DESC

-- name: columns
-- description: Every column in which a secret could lie.
SELECT c.table_schema AS schema, c.table_name AS table, c.column_name AS column, c.data_type = 'bytea' AS is_binary
FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = ANY (%(schemas)s) AND t.table_type = 'BASE TABLE'
  AND c.data_type IN ('text', 'bytea', 'jsonb', 'json', 'character varying', 'ARRAY')

-- name: secrets
-- description: Rows of a column that match a pattern.
SELECT count(*) AS rows, min(ctid::text) AS first FROM {table} WHERE {text} ~ %(pattern)s

-- name: dead_jobs
-- description: Jobs that were given up.
SELECT id, queue, key, store_id, last_error FROM {schema}.jobs WHERE state = 'dead' ORDER BY id

-- name: parked
-- description: Messages that wait for an operator.
SELECT id, upstream, position, store_id, event_type, reason FROM {schema}.dead_letters
WHERE state IN ('parked', 'waiting') ORDER BY id

-- name: open_jobs
-- description: Jobs at work, at hand, or failed and to be repeated; later ones are appointments.
SELECT id, queue, key, store_id, state, last_error FROM {schema}.jobs
WHERE state = 'running'
   OR (state = 'waiting' AND (run_at < now() + %(soon)s * interval '1 second' OR last_error IS NOT NULL))
ORDER BY id

-- name: open_decisions
-- description: Decided prices whose outcome is open.
SELECT decision_id, store_id, key, state FROM onboarding.decisions
WHERE state IN ('due', 'started', 'uncertain') ORDER BY sequence

-- name: newest
-- description: The newest published event of each store.
SELECT convert_from(state, 'UTF8')::jsonb ->> 'store_id' AS store_id, max(notification_id) AS position
FROM {events} WHERE topic = ANY (%(topics)s) GROUP BY 1

-- name: set_aside
-- description: How many events of a store the audit has among its dead letters, up to an instant or of an unknown one.
SELECT count(*) AS events FROM audit.dead_letters
WHERE state IN ('parked', 'waiting') AND store_id = %(store_id)s AND CASE
    WHEN headers ->> 'ce-time' ~ '^\d+-\d+-\d+T[\d:.]+Z$' THEN (headers ->> 'ce-time')::timestamptz <= %(at)s
    ELSE true END

-- name: logs_here
-- description: The schemas that have an event log in this database.
SELECT table_schema AS schema FROM information_schema.tables WHERE table_name = ANY (%(logs)s)

-- name: unread
-- description: How many published events of a store, up to an instant, lie behind a place in a service's log.
SELECT count(*) AS events FROM (
    SELECT convert_from(state, 'UTF8')::jsonb AS said FROM {events}
    WHERE notification_id > %(after)s AND topic = ANY (%(topics)s)
) AS later
WHERE said ->> 'store_id' = %(store_id)s AND (said ->> 'occurred_at')::timestamptz <= %(at)s
