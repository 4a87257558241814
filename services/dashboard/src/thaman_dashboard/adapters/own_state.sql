-- Links, sessions and answers: what the dashboard itself knows.

-- name: add_link
-- description: A new login link.
INSERT INTO login_links (hash, store_id, role, expires_at)
VALUES (%(hash)s, %(store_id)s, %(role)s, %(expires_at)s)

-- name: link
-- description: A link that would still open a session.
SELECT store_id, role, expires_at FROM login_links
WHERE hash = %(hash)s AND used_at IS NULL AND expires_at > %(now)s

-- name: use_link
-- description: Spend a link and open its session. The link's row is locked first, so only one can spend it.
WITH spent AS (
    UPDATE login_links SET used_at = %(created_at)s
    WHERE hash = %(link_hash)s AND used_at IS NULL AND expires_at > %(created_at)s
    RETURNING store_id, role
)
INSERT INTO sessions (hash, store_id, role, created_at, seen_at, ends_at, agent, csrf)
SELECT %(hash)s, store_id, role, %(created_at)s, %(seen_at)s, %(ends_at)s, %(agent)s, %(csrf)s FROM spent
RETURNING hash, store_id, role, created_at, seen_at, ends_at, agent, csrf

-- name: session
-- description: A session that has not ended; it is seen now. `since` is the earliest that it may have been seen last.
UPDATE sessions SET seen_at = greatest(seen_at, %(now)s)
WHERE hash = %(hash)s AND ends_at > %(now)s AND seen_at > %(since)s
RETURNING hash, store_id, role, created_at, seen_at, ends_at, agent, csrf

-- name: sessions
-- description: A store's sessions that have not ended.
SELECT hash, store_id, role, created_at, seen_at, ends_at, agent, csrf FROM sessions
WHERE store_id = %(store_id)s AND ends_at > %(now)s ORDER BY seen_at DESC, hash

-- name: end_session
-- description: End one session of a store.
DELETE FROM sessions WHERE store_id = %(store_id)s AND hash = %(hash)s

-- name: note_answer
-- description: Who answered a proposal, and what they were shown.
INSERT INTO answers (store_id, proposal_id, session_hash, role, approved, shown_digest, at)
VALUES (%(store_id)s, %(proposal_id)s, %(session_hash)s, %(role)s, %(approved)s, %(shown_digest)s, %(at)s)
ON CONFLICT (store_id, proposal_id, session_hash) DO UPDATE SET
    role = excluded.role, approved = excluded.approved, shown_digest = excluded.shown_digest, at = excluded.at

-- name: answers
-- description: Who answered a proposal, oldest first.
SELECT store_id, proposal_id, approved, shown_digest, session_hash, role, at FROM answers
WHERE store_id = %(store_id)s AND proposal_id = %(proposal_id)s ORDER BY at, session_hash

-- name: clean
-- description: Remove links and sessions that have ended.
WITH links AS (DELETE FROM login_links WHERE expires_at <= %(now)s RETURNING 1),
    ended AS (DELETE FROM sessions WHERE ends_at <= %(now)s RETURNING 1)
SELECT (SELECT count(*) FROM links) + (SELECT count(*) FROM ended) AS removed
