-- What these found the indexes of 0010 find. A migration by itself: to drop an index is to wait for whoever reads the
-- ledger, and who reads it to write to it would wait in turn for a transaction that has built an index on it.
DROP INDEX ledger_items;
DROP INDEX item_events_at;
