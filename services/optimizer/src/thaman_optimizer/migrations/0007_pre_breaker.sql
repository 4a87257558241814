-- The settings version that last changed what decides a price: a change of the breaker's limits alone changes none, and
-- proposals that wait for approval outlive it.
ALTER TABLE stores ADD COLUMN priced_version int NOT NULL DEFAULT 0;
UPDATE stores SET priced_version = settings_version;
