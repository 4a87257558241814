"""For the dashboard's tests: events as the streams deliver them, taken by the real inbox."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from thaman_contracts.envelope import Envelope, encode, to_headers
from thaman_contracts.events import EventData
from thaman_contracts.ids import derived_id
from thaman_contracts.subjects import SERVICES, partition_of
from thaman_dashboard.adapters.projection import TABLES
from thaman_dashboard.bootstrap import Container
from thaman_dashboard.settings import DashboardSettings
from thaman_kit.inbox import Delivery, Inbox

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def settings_for(url: str, **changes: Any) -> DashboardSettings:
    """Settings of a test; ``url`` is the dashboard's own role."""
    pepper = SecretStr("a-pepper-for-tests-that-is-long-enough")
    return DashboardSettings(database_url=SecretStr(url), api_key_pepper=pepper, **changes)


def rows_of(container: Container) -> dict[str, list[str]]:
    """Every row that events made, by table."""
    database = container.application.database
    return {
        table: sorted(row["row"] for row in database.fetch_all(f"SELECT to_jsonb(t)::text AS row FROM {table} t"))  # noqa: S608 - constants of this module
        for table in TABLES
    }


def emptied(container: Container) -> None:
    """Take away every row that events made."""
    with container.application.database.transaction() as cursor:
        for name in TABLES:
            cursor.execute(f"DELETE FROM {name}".encode())  # noqa: S608 - constants of this module


@dataclass(frozen=True, slots=True)
class Message:
    """An event with its envelope."""

    envelope: Envelope
    event: EventData


@dataclass
class Streams:
    """The four streams as one test writes them: places and predecessors like a relay's."""

    container: Container
    positions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SERVICES, 0))
    previous: dict[tuple[str, int], int] = field(default_factory=dict)
    inboxes: dict[tuple[str, int], Inbox] = field(default_factory=dict)

    def deliver(self, *events: EventData) -> list[Message]:
        """Publish events and let the inboxes take them, a batch per stream and partition."""
        messages = self.publish(*events)
        feeds: dict[tuple[str, int], list[Message]] = {}
        for message in messages:
            feeds.setdefault((message.envelope.service, partition_of(message.event.store_id)), []).append(message)
        for feed, batch in feeds.items():
            inbox = self.inboxes.setdefault(feed, Inbox(self.container.application, self.container.router, *feed))
            verdicts = inbox.take([_delivery(message) for message in batch])
            assert all(verdict.is_settled and not verdict.is_kept for verdict in verdicts), verdicts
        return messages

    def publish(self, *events: EventData) -> list[Message]:
        """Give events their places in the streams."""
        return [Message(self._envelope(event), event) for event in events]

    def fold(self, messages: Iterable[Message]) -> None:
        """Let the read models follow some messages in one unit of work, past the inboxes, in the given order."""
        unit = self.container.application.unit_of_work()
        for message in messages:
            self.container.router.handle(message.event, message.envelope, unit)
        unit.commit()

    def _envelope(self, event: EventData) -> Envelope:
        feed = event.service, partition_of(event.store_id)
        self.positions[event.service] += 1
        position = self.positions[event.service]
        envelope = Envelope(
            event_id=f"{derived_id('test', event.service, str(position))}:1",
            service=event.service,
            type=event.event_type(),
            store_id=event.store_id,
            time=event.occurred_at,
            position=position,
            previous=self.previous.get(feed, 0),
        )
        self.previous[feed] = position
        return envelope


def _delivery(message: Message) -> Delivery:
    envelope, event = message.envelope, message.event
    partition = partition_of(event.store_id)
    subject = f"evt.{envelope.service}.{partition}.store.{event.store_id}.{envelope.event_name}"
    return Delivery(subject, to_headers(envelope), encode(event.model_dump(mode="json")))


def of_service(messages: Sequence[Message], service: str) -> list[Message]:
    """The messages of one service's stream."""
    return [message for message in messages if message.envelope.service == service]
