-- What parking needs: the letter's subject, whether it was announced, and a count that changes with every letter
-- that joins, so that a retry and a consumer can never miss each other.

ALTER TABLE dead_letters ADD COLUMN subject text NOT NULL DEFAULT '';
ALTER TABLE dead_letters ADD COLUMN announced_at timestamptz;
CREATE INDEX dead_letters_unannounced ON dead_letters (id) WHERE state = 'parked' AND announced_at IS NULL;
ALTER TABLE parked_stores ADD COLUMN waiting bigint NOT NULL DEFAULT 0;
