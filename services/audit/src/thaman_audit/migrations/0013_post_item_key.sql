-- The release before still names the old key where it adds rows. A migration by itself, for the reason of 0011.
ALTER TABLE item_events DROP CONSTRAINT item_events_pkey,
    ADD CONSTRAINT item_events_pkey PRIMARY KEY USING INDEX item_events_key;
DROP INDEX item_events_told;
