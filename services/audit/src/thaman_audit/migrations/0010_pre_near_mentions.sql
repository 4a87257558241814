-- "Why this price?" looks at what is near its place, and no longer at all that was ever said of the item.
-- The indexes are built at once: events wait in their streams meanwhile, some 15 seconds for a million in the ledger.
-- Questions go on.

-- In which stretch of its store's chain an entry lies, by its type.
CREATE FUNCTION ledger_stretch(store text, type text, seq bigint) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN store || ' ' || type || ' ' || (seq / 16384)::text;

-- The index by items also knows where in the chain its entries lie, so that those of some stretches are found without
-- reading the others. Whoever asks for items alone finds them as before: the release before does.
CREATE INDEX ledger_mentions ON ledger USING gin (
    ledger_items(store_id, data), (ARRAY[ledger_stretch(store_id, type, seq)])
) WITH (fastupdate = off)
WHERE (type IN (
    'thaman.onboarding.CatalogObserved.v1', 'thaman.onboarding.CatalogItemsRemoved.v1',
    'thaman.optimizer.CompetitorLinksChanged.v1', 'thaman.optimizer.OffersObserved.v1'
)) IS TRUE;

-- With what is asked of an item's events before it is known which of them matter, so that the others are not read.
CREATE INDEX item_events_told ON item_events (store_id, item, at) INCLUDE (run_id, decision_id, name);
