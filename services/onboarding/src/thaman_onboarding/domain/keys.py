"""An API key: issued once, revoked once, never shown again."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from thaman_contracts.ids import SYSTEM, derived_id
from thaman_kit.domain import Aggregate, DomainEvent
from thaman_onboarding.domain import events
from thaman_onboarding.errors import InvalidChange

Scope = Literal["operator", "store"]


def key_uuid(key_id: str) -> UUID:
    """The id of a key's own aggregate."""
    return derived_id("api-key", key_id)


class Key(Aggregate):
    """One API key; only the keyed hash of its secret is known."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.key_id = ""
        self.store_id = SYSTEM
        self.issued: events.ApiKeyIssued | None = None
        self.revoked_at: datetime | None = None

    @classmethod
    def new(cls, key_id: str) -> "Key":
        """A key that is not issued yet."""
        key = cls(key_uuid(key_id))
        key.key_id = key_id
        return key

    def issue(
        self,
        key_hash: str,
        scope: Scope,
        store_id: str | None,
        *,
        label: str,
        expires_at: datetime | None,
        now: datetime,
    ) -> events.ApiKeyIssued:
        """Issue the key to an operator, or for one store.

        Raises:
            InvalidChange: the scope and the store do not fit, or the key would be born expired.
        """
        if (scope == "store") != (store_id is not None and store_id != SYSTEM):
            raise InvalidChange([("store_id", "a store key names its store, an operator key names none")])
        if expires_at is not None and expires_at <= now:
            raise InvalidChange([("expires_at", "lies in the past")])
        return self.trigger(
            events.ApiKeyIssued,
            store_id=store_id or SYSTEM,
            occurred_at=now,
            key_id=self.key_id,
            key_hash=key_hash,
            scope=scope,
            label=label,
            expires_at=expires_at,
        )

    @property
    def revoked(self) -> bool:
        """Whether the key stopped working."""
        return self.revoked_at is not None

    def revoke(self, now: datetime) -> None:
        """Stop the key from working; a revoked key stays revoked."""
        if not self.revoked:
            self.trigger(events.ApiKeyRevoked, store_id=self.store_id, occurred_at=now, key_id=self.key_id)

    def when(self, event: DomainEvent) -> None:
        """Change state as ``event`` says."""
        match event:
            case events.ApiKeyIssued():
                self.key_id, self.store_id = event.key_id, event.store_id
                self.issued = event
            case events.ApiKeyRevoked():
                self.revoked_at = event.occurred_at
            case _:
                super().when(event)
