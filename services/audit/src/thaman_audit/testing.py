"""For the audit's tests: events as the streams deliver them, taken by the real inbox."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from thaman_audit.adapters.recorded import LedgerLog, RecordedFold
from thaman_audit.adapters.signing import SigningKey
from thaman_audit.bootstrap import Container
from thaman_audit.settings import AuditSettings
from thaman_contracts.envelope import Envelope, encode, to_headers
from thaman_contracts.events import EventData
from thaman_contracts.ids import derived_id
from thaman_contracts.subjects import SERVICES, partition_of
from thaman_kit.inbox import Delivery, Inbox

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
KEY = SecretStr("k1:dGhpcyBrZXkgaXMgZm9yIHRlc3RzIGFsb25lLCBvaDI=")
"""Signs checkpoints in tests, and nowhere else."""


def signing_key(ring: SecretStr = KEY) -> SigningKey:
    """The key itself."""
    return SigningKey.parse(ring)


def settings_for(url: str, **changes: Any) -> AuditSettings:
    """Settings of a test; ``url`` is the service's own role."""
    pepper = SecretStr("a-pepper-for-tests-that-is-long-enough")
    return AuditSettings(database_url=SecretStr(url), api_key_pepper=pepper, **changes)


READ_MODELS = ("stores", "runs", "item_events", "prices", "price_history")


def made_again(container: Container) -> None:
    """Empty the read models and fill them from the ledger, by what `thaman rebuild` fills its scratch database with."""
    database = container.application.database
    for table in READ_MODELS:
        database.execute(f"DELETE FROM {table}")  # noqa: S608 - a constant of this module
    ends = {row["store_id"]: row["seq"] for row in database.fetch_all("SELECT store_id, seq FROM heads")}
    fold = RecordedFold(container.tables)
    for page in LedgerLog(container.tables).pages(ends):
        fold.told(page.items)


@dataclass
class Streams:
    """The four streams as one test writes them: places and predecessors like a relay's."""

    container: Container
    positions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SERVICES, 0))
    previous: dict[tuple[str, int], int] = field(default_factory=dict)
    inboxes: dict[tuple[str, int], Inbox] = field(default_factory=dict)

    def deliver(self, *events: EventData) -> None:
        """Deliver events, in batches per stream and partition, and require that each is settled."""
        for feed, deliveries in self.batches(events, len(events)):
            self.take(feed, deliveries)

    def batches(self, events: Sequence[EventData], size: int) -> list[tuple[tuple[str, int], list[Delivery]]]:
        """The messages of events by stream and partition, at most ``size`` in a batch."""
        feeds: dict[tuple[str, int], list[Delivery]] = {}
        for event in events:
            feeds.setdefault(_feed(event), []).append(self.delivery(event))
        return [
            (feed, deliveries[start : start + size])
            for feed, deliveries in feeds.items()
            for start in range(0, len(deliveries), size)
        ]

    def take(self, feed: tuple[str, int], deliveries: Sequence[Delivery]) -> None:
        """Hand a batch to the inbox of its feed."""
        inbox = self.inboxes.setdefault(feed, Inbox(self.container.application, self.container.router, *feed))
        verdicts = inbox.take(deliveries)
        assert all(verdict.is_settled for verdict in verdicts), verdicts

    def delivery(self, event: EventData, **envelope: Any) -> Delivery:
        """The message of an event at the next place of its stream."""
        feed = _feed(event)
        self.positions[event.service] += 1
        position = self.positions[event.service]
        fields: dict[str, Any] = {
            "event_id": f"{derived_id('test', event.service, str(position))}:1",
            "service": event.service,
            "type": event.event_type(),
            "store_id": event.store_id,
            "time": event.occurred_at,
            "position": position,
            "previous": self.previous.get(feed, 0),
        }
        self.previous[feed] = position
        sealed = Envelope(**fields | envelope)
        subject = f"evt.{feed[0]}.{feed[1]}.store.{event.store_id}.{sealed.event_name}"
        return Delivery(subject, to_headers(sealed), encode(event.model_dump(mode="json")))


def _feed(event: EventData) -> tuple[str, int]:
    return event.service, partition_of(event.store_id)
