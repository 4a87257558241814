-- An item's events are kept apart by where they stand: with their item and time, in one index that also answers what is
-- asked of them. By the event alone they were kept apart in an index of its own, into which each event went at a place
-- of chance: half of what it cost to add a row, and nearly as much room as the rows. The index is built at once: events
-- wait in their streams meanwhile, some four seconds for 1.2 million of them. Questions go on.
CREATE UNIQUE INDEX item_events_key ON item_events (store_id, item, at, service, event_id)
INCLUDE (run_id, decision_id, name);
