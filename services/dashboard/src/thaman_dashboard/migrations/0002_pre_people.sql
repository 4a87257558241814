-- People: who they are, which stores they belong to and as what, who is invited, and whose a session is. All of it is
-- the dashboard's own, so a rebuild leaves it alone; a store that is forgotten takes along the people who have no other.
-- Names, contacts and Salla's user ids are personal data, so they stand here alone: in no event and no log line.

CREATE TABLE people (
    person_id uuid PRIMARY KEY,
    name text,
    contact text,
    salla_user text UNIQUE,
    created_at timestamptz NOT NULL
);

-- `by_link`: a login link for this store and role signs in this person; nobody else is meant by it.
CREATE TABLE memberships (
    store_id text NOT NULL,
    person_id uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('viewer', 'approver', 'owner')),
    by_link boolean NOT NULL DEFAULT false,
    since timestamptz NOT NULL,
    PRIMARY KEY (store_id, person_id)
);
CREATE INDEX memberships_of_person ON memberships (person_id);

-- An invitation that was accepted or revoked is no row any more.
CREATE TABLE invitations (
    hash bytea PRIMARY KEY,
    invitation_id uuid NOT NULL UNIQUE,
    store_id text NOT NULL,
    role text NOT NULL CHECK (role IN ('viewer', 'approver', 'owner')),
    name text,
    invited_by uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX invitations_of_store ON invitations (store_id, expires_at);
CREATE INDEX invitations_of_person ON invitations (invited_by);

-- Users of Salla whom an owner removed: Salla's page does not let them in again, an invitation does.
CREATE TABLE barred (
    store_id text NOT NULL,
    salla_user text NOT NULL,
    PRIMARY KEY (store_id, salla_user)
);

ALTER TABLE login_links ADD person_id uuid REFERENCES people ON DELETE CASCADE;
ALTER TABLE sessions ADD person_id uuid REFERENCES people ON DELETE CASCADE;
CREATE INDEX sessions_of_person ON sessions (person_id);

-- Sessions of before go on, as the person whom a link for their store and role signs in from now on. Those that an old
-- process still opens beside this have nobody and end with their first request to a new one.
WITH pairs AS MATERIALIZED (
    SELECT store_id, role, gen_random_uuid() AS person_id
    FROM (SELECT DISTINCT store_id, role FROM sessions) AS known
), made AS (
    INSERT INTO people (person_id, created_at) SELECT person_id, now() FROM pairs
), joined AS (
    INSERT INTO memberships (store_id, person_id, role, by_link, since)
    SELECT store_id, person_id, role, true, now() FROM pairs
)
UPDATE sessions SET person_id = pairs.person_id FROM pairs
WHERE sessions.store_id = pairs.store_id AND sessions.role = pairs.role;

-- Operators of the installation: a way in, a session and a log of their own, which nothing of a merchant's touches.

CREATE TABLE operator_links (
    hash bytea PRIMARY KEY,
    key_id text NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);

CREATE TABLE operator_sessions (
    hash bytea PRIMARY KEY,
    key_id text NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    agent text,
    csrf text NOT NULL
);

CREATE TABLE operator_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    key_id text NOT NULL,
    session_hash bytea NOT NULL,
    deed text NOT NULL CHECK (deed IN ('signed_in', 'stop', 'resume', 'link')),
    store_id text,
    detail text
);
