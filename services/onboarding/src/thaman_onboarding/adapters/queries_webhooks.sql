-- Webhooks taken in. A body is sealed while it waits and goes when it was processed; its hash stays against replays.

-- name: insert_webhook
-- description: Take a webhook in, once per body.
INSERT INTO webhook_inbox (body_hash, store_id, event, provider_time, state, detail, wrapped_key, key_id, body)
VALUES (%(body_hash)s, %(store_id)s, %(event)s, %(provider_time)s, %(state)s, %(detail)s, %(wrapped_key)s,
    %(key_id)s, %(body)s)
ON CONFLICT (body_hash) DO NOTHING

-- name: webhook
-- description: One webhook.
SELECT * FROM webhook_inbox WHERE body_hash = %(body_hash)s

-- name: finish_webhook
-- description: A webhook was processed, or is of no interest; its body goes.
UPDATE webhook_inbox SET state = %(state)s, detail = %(detail)s, processed_at = now(), wrapped_key = NULL,
    key_id = NULL, body = NULL
WHERE body_hash = %(body_hash)s AND state = 'received'

-- name: forget_webhooks
-- description: Hashes older than any replay that the age check would let through.
DELETE FROM webhook_inbox
WHERE state IN ('done', 'ignored') AND received_at < now() - %(days)s * interval '1 day'

-- name: forget_bodies
-- description: Bodies that nobody could make use of for so long.
UPDATE webhook_inbox SET wrapped_key = NULL, key_id = NULL, body = NULL
WHERE body IS NOT NULL AND received_at < now() - %(days)s * interval '1 day'

-- name: park_webhook
-- description: Show a webhook that could not be read among the dead letters; its body stays sealed in the inbox.
INSERT INTO dead_letters (upstream, position, store_id, event_type, headers, body, state, reason, announced_at)
VALUES ('salla', %(position)s, 'system', 'webhook', %(headers)s::jsonb, ''::bytea, 'parked', %(reason)s, now())
ON CONFLICT (upstream, position) DO NOTHING
