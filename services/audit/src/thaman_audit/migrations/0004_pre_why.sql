-- "Why this price?" asks for the entries that speak of one item. Those about many items at once are found by what they
-- say, so that what is in the ledger already is found, too, without making anything again.
-- The indexes are built at once: events wait in their streams meanwhile.

-- The items that an entry speaks of, each with its store in front; none where it cannot be read, because an index must
-- never keep an event out of the ledger. Names are from pg_catalog only.
CREATE FUNCTION ledger_items(store text, data bytea) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 10000 AS $$
DECLARE
    said jsonb;
BEGIN
    said := convert_from(data, 'UTF8')::jsonb;
    RETURN ARRAY(
        SELECT store || ' ' || (part ->> 'product_id') || coalesce('/' || (part ->> 'variant_id'), '')
        FROM (
            SELECT jsonb_path_query(said, '$.items[*]') UNION ALL SELECT jsonb_path_query(said, '$.offers[*]')
        ) AS parts (part)
        WHERE part ->> 'product_id' IS NOT NULL
        UNION
        SELECT store || ' ' || (gone #>> '{}') FROM jsonb_path_query(said, '$.keys[*]') AS gone
        WHERE gone #>> '{}' IS NOT NULL
    );
EXCEPTION WHEN data_exception THEN
    RETURN '{}';
END
$$;

-- Without a list of what is still to be put in: reading never pays for what was written. The condition is written so
-- that no other index answers to it; the query `mentions` says it in the same words.
CREATE INDEX ledger_items ON ledger USING gin (ledger_items(store_id, data)) WITH (fastupdate = off)
WHERE (type IN (
    'thaman.onboarding.CatalogObserved.v1', 'thaman.onboarding.CatalogItemsRemoved.v1',
    'thaman.optimizer.CompetitorLinksChanged.v1', 'thaman.optimizer.OffersObserved.v1'
)) IS TRUE;

-- In time, because the question is about an instant; the shorter index before it is its beginning.
CREATE INDEX item_events_at ON item_events (store_id, item, at);
DROP INDEX item_events_item;
