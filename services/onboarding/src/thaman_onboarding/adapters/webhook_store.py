"""Webhooks taken in: durable before they are acknowledged, sealed while they wait, gone when processed."""

import json
from dataclasses import dataclass, field
from datetime import datetime

from thaman_kit.application import UnitOfWork
from thaman_kit.database import Database, load_queries
from thaman_onboarding.adapters.sealing import OwnKey, Sealer
from thaman_onboarding.adapters.store_keys import StoreKeys
from thaman_onboarding.webhooks import WebhookEvent

_SQL = load_queries("thaman_onboarding", "adapters/queries_webhooks.sql")


@dataclass(frozen=True, slots=True)
class StoredWebhook:
    """A webhook of the inbox; ``body`` is there while ``state`` is ``received`` or ``malformed``."""

    body_hash: str
    state: str
    received_at: datetime
    body: bytes | None = field(repr=False)


class WebhookStore:
    """The inbox of webhooks. Blocking."""

    def __init__(self, database: Database, sealer: Sealer, keys: StoreKeys) -> None:
        self._database = database
        self._sealer = sealer
        self._keys = keys

    def get(self, body_hash: str) -> StoredWebhook | None:
        """One webhook, its body opened, or ``None``."""
        row = self._database.fetch_one(_SQL["webhook"], {"body_hash": body_hash})
        if row is None:
            return None
        body = None
        if row["body"] is not None:
            key = self._key_of(body_hash, row["wrapped_key"], row["store_id"])
            if key is not None:
                body = key.open_bytes(row["body"], _place(body_hash, own=row["wrapped_key"] is not None))
        return StoredWebhook(body_hash, row["state"], row["received_at"], body)

    def receive(self, uow: UnitOfWork, event: WebhookEvent, raw: bytes) -> None:
        """Keep the sealed body until it is processed."""
        self._insert(uow, event.body_hash, "received", raw=raw, event=event)

    def note(self, uow: UnitOfWork, event: WebhookEvent, state: str) -> None:
        """Keep the hash only: the webhook is processed in this very transaction, or of no interest."""
        self._insert(uow, event.body_hash, state, event=event)

    def park(self, uow: UnitOfWork, body_hash: str, raw: bytes, reason: str, store_id: str | None) -> None:
        """A webhook with a good proof that cannot be read: its sealed body stays, and dead letters show it.

        The letter's place is negative, which says that no relay of ours wrote it, so it can only be dropped.
        """
        self._insert(uow, body_hash, "malformed", detail=reason, raw=raw, store_id=store_id)
        uow.execute(
            _SQL["park_webhook"],
            {
                "position": -1 - int(body_hash[:15], 16),
                "headers": json.dumps({"body_hash": body_hash}),
                "reason": reason,
            },
        )

    def finish(self, uow: UnitOfWork, body_hash: str, state: str, detail: str | None) -> None:
        """Processed, or of no interest: the body goes."""
        uow.execute(_SQL["finish_webhook"], {"body_hash": body_hash, "state": state, "detail": detail})

    def forget(self, days: int) -> int:
        """Drop old webhooks: the hashes of those that were processed, the bodies of those that could not be."""
        self._database.execute(_SQL["forget_bodies"], {"days": days})
        return self._database.execute(_SQL["forget_webhooks"], {"days": days})

    def _key_of(self, body_hash: str, wrapped: bytes | None, store_id: str | None) -> OwnKey | None:
        """The key of a stored body: its own, or else its store's; ``None`` when that was destroyed."""
        if wrapped is not None:
            return self._sealer.open_key(f"webhook|{body_hash}", wrapped)
        return None if store_id is None else self._keys.find(store_id)

    def _key_for(self, body_hash: str, event: WebhookEvent | None) -> tuple[OwnKey, OwnKey | None]:
        """The key to seal a body with, and the same once more if it has to be kept with it."""
        known = None if event is None or not self._keys.in_force() else self._keys.find(event.store_id)
        if known is not None:
            return known, None
        own = self._sealer.new_key(f"webhook|{body_hash}")
        return own, own

    def _insert(
        self,
        uow: UnitOfWork,
        body_hash: str,
        state: str,
        *,
        detail: str | None = None,
        raw: bytes | None = None,
        event: WebhookEvent | None = None,
        store_id: str | None = None,
    ) -> None:
        sealed, key = None, None
        if raw is not None:
            sealing, key = self._key_for(body_hash, event)
            sealed = sealing.seal_bytes(raw, _place(body_hash, own=key is not None))
        uow.execute(
            _SQL["insert_webhook"],
            {
                "body_hash": body_hash,
                "store_id": event.store_id if event else store_id,
                "event": event.name if event else None,
                "provider_time": event.provider_time if event else None,
                "state": state,
                "detail": detail,
                "wrapped_key": key.wrapped if key else None,
                "key_id": key.key_id if key else None,
                "body": sealed,
            },
        )


def _place(body_hash: str, *, own: bool) -> str:
    """What a body is bound to: the column under a key of its own, also the row under its store's."""
    return "body" if own else f"webhook_inbox|{body_hash}|body"
