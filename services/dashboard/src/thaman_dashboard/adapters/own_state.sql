-- Links and sessions: what the dashboard itself knows of who comes in.

-- name: add_link
-- description: A new login link; one that is known already stays as it is.
INSERT INTO login_links (hash, store_id, role, expires_at, person_id)
VALUES (%(hash)s, %(store_id)s, %(role)s, %(expires_at)s, %(person_id)s)
ON CONFLICT (hash) DO NOTHING

-- name: link
-- description: A link that would still open a session; of a person, the role they have.
SELECT store_id, coalesce(memberships.role, login_links.role) AS role, expires_at, person_id
FROM login_links LEFT JOIN memberships USING (store_id, person_id)
WHERE hash = %(hash)s AND used_at IS NULL AND expires_at > %(now)s
    AND (person_id IS NULL OR memberships.role IS NOT NULL)

-- name: link_of
-- description: The store of a link, whatever its time.
SELECT store_id FROM login_links WHERE hash = %(hash)s

-- name: spend_link
-- description: Spend a link. Its row is locked first, so only one can spend it.
UPDATE login_links SET used_at = %(now)s
WHERE hash = %(hash)s AND used_at IS NULL AND expires_at > %(now)s AND (
    person_id IS NULL OR EXISTS (
        SELECT FROM memberships
        WHERE memberships.person_id = login_links.person_id AND memberships.store_id = login_links.store_id
    )
)
RETURNING store_id, role, person_id

-- name: session
-- description: A session that has not ended; where this is a use, it is seen now. `since` is the earliest that it may have been seen last.
UPDATE sessions SET seen_at = CASE WHEN %(is_use)s THEN greatest(seen_at, %(now)s) ELSE seen_at END
FROM memberships JOIN people USING (person_id)
WHERE hash = %(hash)s AND ends_at > %(now)s AND seen_at > %(since)s
    AND memberships.person_id = sessions.person_id AND memberships.store_id = sessions.store_id
RETURNING hash, sessions.store_id, memberships.role, sessions.created_at, seen_at, ends_at, agent, csrf,
    people.person_id, people.name AS person_name,
    (SELECT count(*) FROM memberships AS held WHERE held.person_id = people.person_id)::int AS stores

-- name: sessions
-- description: A store's sessions that have not ended.
SELECT hash, sessions.store_id, memberships.role, sessions.created_at, seen_at, ends_at, agent, csrf, person_id,
    people.name AS person_name,
    (SELECT count(*) FROM memberships AS held WHERE held.person_id = people.person_id)::int AS stores
FROM sessions JOIN people USING (person_id) JOIN memberships USING (store_id, person_id)
WHERE sessions.store_id = %(store_id)s AND ends_at > %(now)s ORDER BY seen_at DESC, hash

-- name: end_session
-- description: End one session of a store.
DELETE FROM sessions WHERE store_id = %(store_id)s AND hash = %(hash)s

-- name: clean
-- description: Remove links and sessions that have ended.
WITH links AS (DELETE FROM login_links WHERE expires_at <= %(now)s RETURNING 1),
    ended AS (DELETE FROM sessions WHERE ends_at <= %(now)s RETURNING 1)
SELECT (SELECT count(*) FROM links) + (SELECT count(*) FROM ended) AS removed
