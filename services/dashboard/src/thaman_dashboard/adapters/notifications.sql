-- Notifications: read from what events made; what each person chose and has read is a table of its own.

-- name: wishes
-- description: What a person chose.
SELECT kinds, read_until FROM notification_wishes WHERE store_id = %(store_id)s AND person_id = %(person_id)s

-- name: choose
-- description: What a person wants to hear of.
INSERT INTO notification_wishes (store_id, person_id, kinds) VALUES (%(store_id)s, %(person_id)s, %(kinds)s)
ON CONFLICT (store_id, person_id) DO UPDATE SET kinds = excluded.kinds

-- name: read
-- description: All up to an instant was read; a page that was open for long takes nothing back.
INSERT INTO notification_wishes (store_id, person_id, kinds, read_until)
VALUES (%(store_id)s, %(person_id)s, %(kinds)s, %(until)s)
ON CONFLICT (store_id, person_id) DO UPDATE SET
    read_until = greatest(notification_wishes.read_until, excluded.read_until)

-- name: listed
-- description: What there is to tell of, newest first. Prices of one run are one thing.
SELECT kind, at, count, item_key, said_ar, said_en FROM (
    (
        SELECT (%(kinds_of)s::jsonb) ->> activity.kind AS kind, at, NULL::bigint AS count, item_key, said_ar, said_en
        FROM activity
        WHERE store_id = %(store_id)s AND activity.kind = ANY (%(events)s) AND at > %(since)s
        ORDER BY at DESC LIMIT %(most)s
    )
    UNION ALL
    SELECT told.kind, told.at, told.count, NULL, NULL, NULL FROM (
        SELECT max(proposed_at) AS at, count(*) AS count,
            max(proposed_at) FILTER (WHERE old_shelf_price < floor OR old_shelf_price > ceiling) AS outside_at,
            count(*) FILTER (WHERE old_shelf_price < floor OR old_shelf_price > ceiling) AS outside
        FROM proposals WHERE store_id = %(store_id)s AND state = 'pending' AND proposed_at > %(since)s
        GROUP BY run_id
    ) AS of_run
    CROSS JOIN LATERAL (
        VALUES ('approvals', of_run.at, of_run.count), ('floors', of_run.outside_at, of_run.outside)
    ) AS told (kind, at, count)
    WHERE told.count > 0 AND told.kind = ANY (%(kinds)s)
) AS told
ORDER BY at DESC, kind, item_key
LIMIT %(most)s
