-- What a person wants to hear of at a store, and up to when they have read it. The notifications themselves are read from
-- what events made. The dashboard's own, so a rebuild leaves it alone; a store that is forgotten takes it along.

CREATE TABLE notification_wishes (
    store_id text NOT NULL,
    person_id uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    kinds text[] NOT NULL,
    read_until timestamptz,
    PRIMARY KEY (store_id, person_id)
);
CREATE INDEX notification_wishes_of_person ON notification_wishes (person_id);
