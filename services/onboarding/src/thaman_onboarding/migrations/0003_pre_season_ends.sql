-- When items stop selling, and what an unsold unit brings after that.

ALTER TABLE item_rules ADD COLUMN season_ends_on date, ADD COLUMN salvage bigint;
