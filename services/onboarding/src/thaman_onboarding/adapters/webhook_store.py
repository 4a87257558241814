"""Webhooks taken in: durable before they are acknowledged, sealed while they wait, gone when processed."""

import json
from dataclasses import dataclass, field
from datetime import datetime

from thaman_kit.application import UnitOfWork
from thaman_kit.database import Database, load_queries
from thaman_onboarding.adapters.sealing import Sealer
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

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def get(self, body_hash: str) -> StoredWebhook | None:
        """One webhook, its body opened, or ``None``."""
        row = self._database.fetch_one(_SQL["webhook"], {"body_hash": body_hash})
        if row is None:
            return None
        body = None
        if row["body"] is not None:
            key = self._sealer.open_key(f"webhook|{body_hash}", row["wrapped_key"])
            body = key.open_bytes(row["body"], "body")
        return StoredWebhook(body_hash, row["state"], row["received_at"], body)

    def receive(self, uow: UnitOfWork, event: WebhookEvent, raw: bytes) -> None:
        """Keep the sealed body until it is processed."""
        self._insert(uow, event.body_hash, "received", raw=raw, event=event)

    def note(self, uow: UnitOfWork, event: WebhookEvent, state: str) -> None:
        """Keep the hash only: the webhook is processed in this very transaction, or of no interest."""
        self._insert(uow, event.body_hash, state, event=event)

    def park(self, uow: UnitOfWork, body_hash: str, raw: bytes, reason: str) -> None:
        """A webhook with a good proof that cannot be read: its sealed body stays, and dead letters show it.

        The letter's place is negative, which says that no relay of ours wrote it, so it can only be dropped.
        """
        self._insert(uow, body_hash, "malformed", detail=reason, raw=raw)
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
        """Drop hashes of old webhooks."""
        return self._database.execute(_SQL["forget_webhooks"], {"days": days})

    def _insert(
        self,
        uow: UnitOfWork,
        body_hash: str,
        state: str,
        *,
        detail: str | None = None,
        raw: bytes | None = None,
        event: WebhookEvent | None = None,
    ) -> None:
        key = self._sealer.new_key(f"webhook|{body_hash}") if raw is not None else None
        sealed = key.seal_bytes(raw, "body") if key and raw is not None else None
        uow.execute(
            _SQL["insert_webhook"],
            {
                "body_hash": body_hash,
                "store_id": event.store_id if event else None,
                "event": event.name if event else None,
                "provider_time": event.provider_time if event else None,
                "state": state,
                "detail": detail,
                "wrapped_key": key.wrapped if key else None,
                "key_id": key.key_id if key else None,
                "body": sealed,
            },
        )
