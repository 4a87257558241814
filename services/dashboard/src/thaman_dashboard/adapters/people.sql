-- People, memberships, invitations, and the sessions of one person.

-- name: lock
-- description: One at a time changes who belongs to a store; the read models forget one under the same lock.
SELECT pg_advisory_xact_lock(hashtextextended('dashboard:' || %(store_id)s, 0))

-- name: members
-- description: A store's people, owners first; or one of them.
SELECT people.person_id, people.name, contact, memberships.role, salla_user IS NOT NULL AS from_salla, since, (
    SELECT max(seen_at) FROM sessions
    WHERE sessions.person_id = people.person_id AND sessions.store_id = memberships.store_id AND ends_at > %(now)s
) AS seen_at
FROM memberships JOIN people USING (person_id)
WHERE store_id = %(store_id)s AND (%(person_id)s::uuid IS NULL OR person_id = %(person_id)s)
ORDER BY array_position(ARRAY['owner', 'approver', 'viewer'], memberships.role), since, person_id

-- name: stores
-- description: The stores of a person that are not forgotten.
SELECT store_id, coalesce(stores.name, store_id) AS name, role
FROM memberships JOIN stores USING (store_id)
WHERE person_id = %(person_id)s AND NOT forgotten ORDER BY 2, 1

-- name: contact
-- description: How a person said they can be reached.
SELECT contact FROM people WHERE person_id = %(person_id)s

-- name: describe
-- description: What a person says of themselves.
UPDATE people SET name = %(name)s, contact = %(contact)s WHERE person_id = %(person_id)s

-- name: role
-- description: A person's role at a store.
SELECT role FROM memberships WHERE store_id = %(store_id)s AND person_id = %(person_id)s

-- name: other_owner
-- description: Whether the store has another owner.
SELECT 1 AS one FROM memberships
WHERE store_id = %(store_id)s AND person_id <> %(person_id)s AND role = 'owner' LIMIT 1

-- name: set_role
-- description: A person's new role; a link of the old role does not mean them any more.
UPDATE memberships SET role = %(role)s, by_link = false
WHERE store_id = %(store_id)s AND person_id = %(person_id)s AND role <> %(role)s

-- name: drop_invitations
-- description: Invitations by a person: who may not invite any more leaves no way in behind.
DELETE FROM invitations WHERE store_id = %(store_id)s AND invited_by = %(person_id)s

-- name: drop_sessions
-- description: A person's sessions at a store end.
DELETE FROM sessions WHERE store_id = %(store_id)s AND person_id = %(person_id)s

-- name: drop_links
-- description: Links that would let the person in again.
DELETE FROM login_links WHERE store_id = %(store_id)s AND person_id = %(person_id)s

-- name: bar
-- description: Salla's page does not let in whom an owner removed.
INSERT INTO barred (store_id, salla_user)
SELECT %(store_id)s, salla_user FROM people WHERE person_id = %(person_id)s AND salla_user IS NOT NULL
ON CONFLICT DO NOTHING

-- name: unbar
-- description: An invitation does.
DELETE FROM barred USING people
WHERE store_id = %(store_id)s AND barred.salla_user = people.salla_user AND person_id = %(person_id)s

-- name: is_barred
-- description: Whether an owner removed a user of Salla.
SELECT 1 AS one FROM barred WHERE store_id = %(store_id)s AND salla_user = %(salla_user)s

-- name: drop_membership
-- description: A person leaves a store.
DELETE FROM memberships WHERE store_id = %(store_id)s AND person_id = %(person_id)s

-- name: drop_lonely
-- description: A person without any store is gone.
DELETE FROM people
WHERE person_id = %(person_id)s
    AND NOT EXISTS (SELECT FROM memberships WHERE memberships.person_id = people.person_id)

-- name: add_person
-- description: A new person.
INSERT INTO people (person_id, name, contact, salla_user, created_at)
VALUES (%(person_id)s, %(name)s, %(contact)s, %(salla_user)s, %(at)s)

-- name: join
-- description: A person belongs to a store; who does already keeps the higher role.
INSERT INTO memberships (store_id, person_id, role, by_link, since)
VALUES (%(store_id)s, %(person_id)s, %(role)s, %(by_link)s, %(at)s)
ON CONFLICT (store_id, person_id) DO UPDATE SET role = excluded.role, by_link = false
WHERE array_position(ARRAY['viewer', 'approver', 'owner'], excluded.role)
    > array_position(ARRAY['viewer', 'approver', 'owner'], memberships.role)

-- name: linked
-- description: Whom a link for a store and a role signs in.
SELECT person_id FROM memberships
WHERE store_id = %(store_id)s AND role = %(role)s AND by_link ORDER BY since, person_id LIMIT 1

-- name: known_to_salla
-- description: The person of a user of Salla.
SELECT person_id FROM people WHERE salla_user = %(salla_user)s

-- name: lock_salla_user
-- description: One at a time makes a person of a user of Salla.
SELECT pg_advisory_xact_lock(hashtextextended('dashboard-salla:' || %(salla_user)s, 0))

-- name: invite
-- description: A new invitation.
INSERT INTO invitations (hash, invitation_id, store_id, role, name, invited_by, created_at, expires_at)
VALUES (%(hash)s, %(invitation_id)s, %(store_id)s, %(role)s, %(name)s, %(invited_by)s, %(created_at)s, %(expires_at)s)

-- name: invitations
-- description: A store's invitations that would still be accepted, newest first.
SELECT invitation_id, store_id, role, invitations.name, people.name AS inviter, expires_at
FROM invitations JOIN people ON people.person_id = invited_by
WHERE store_id = %(store_id)s AND expires_at > %(now)s ORDER BY invitations.created_at DESC, invitation_id

-- name: invitation
-- description: An invitation that would still be accepted.
SELECT invitation_id, store_id, role, invitations.name, people.name AS inviter, expires_at
FROM invitations JOIN people ON people.person_id = invited_by
WHERE hash = %(hash)s AND expires_at > %(now)s

-- name: revoke
-- description: Take an invitation back.
DELETE FROM invitations WHERE store_id = %(store_id)s AND invitation_id = %(invitation_id)s

-- name: invited_to
-- description: The store of an invitation, whatever its time.
SELECT store_id FROM invitations WHERE hash = %(hash)s

-- name: spend_invitation
-- description: Spend an invitation; its row is locked by the first who does, and gone for the next.
DELETE FROM invitations WHERE hash = %(hash)s AND expires_at > %(now)s RETURNING store_id, role

-- name: open_session
-- description: A session of a person at one of their stores.
INSERT INTO sessions (hash, store_id, role, created_at, seen_at, ends_at, agent, csrf, person_id)
SELECT %(hash)s, store_id, role, %(created_at)s, %(seen_at)s, %(ends_at)s, %(agent)s, %(csrf)s, person_id
FROM memberships WHERE store_id = %(store_id)s AND person_id = %(person_id)s

-- name: opened
-- description: A session with its person, as every reading of one gives it.
SELECT hash, sessions.store_id, memberships.role, sessions.created_at, seen_at, ends_at, agent, csrf, person_id,
    people.name AS person_name,
    (SELECT count(*) FROM memberships AS held WHERE held.person_id = people.person_id)::int AS stores
FROM sessions JOIN people USING (person_id) JOIN memberships USING (store_id, person_id)
WHERE hash = %(hash)s

-- name: end_session
-- description: End a session and say whose it was.
DELETE FROM sessions WHERE hash = %(hash)s RETURNING person_id

-- name: sessions
-- description: A person's sessions, at whichever store.
SELECT hash, sessions.store_id, memberships.role, sessions.created_at, seen_at, ends_at, agent, csrf, person_id,
    people.name AS person_name,
    (SELECT count(*) FROM memberships AS held WHERE held.person_id = people.person_id)::int AS stores
FROM sessions JOIN people USING (person_id) JOIN memberships USING (store_id, person_id)
WHERE person_id = %(person_id)s AND ends_at > %(now)s AND seen_at > %(since)s ORDER BY seen_at DESC, hash

-- name: end_own
-- description: End one session of a person.
DELETE FROM sessions WHERE person_id = %(person_id)s AND hash = %(hash)s

-- name: end_others
-- description: End all sessions of a person but one.
DELETE FROM sessions WHERE person_id = %(person_id)s AND hash <> %(hash)s

-- name: clean
-- description: Remove invitations that have expired.
DELETE FROM invitations WHERE expires_at <= %(now)s
