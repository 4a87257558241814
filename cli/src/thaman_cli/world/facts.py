"""Everything that the checks look at, read once from the database with an administrator's role."""

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from eventsourcing.persistence import JSONTranscoder, StoredEvent
from pydantic import ValidationError

from thaman_audit.adapters.archive import Archive
from thaman_audit.verify import Entry, Head
from thaman_cli.databases import archive_dir
from thaman_cli.world.reading import Connection, Reading, Row, select
from thaman_contracts.events import EventData
from thaman_contracts.subjects import SERVICES
from thaman_kit.domain import TOPICS, DomainEvent
from thaman_kit.errors import UnknownTopic
from thaman_kit.mapper import PydanticMapper

E = TypeVar("E")

# Importing them is what makes their topics known.
_MODULES = (
    "thaman_onboarding.domain.events",
    "thaman_onboarding.domain.catalogue",
    "thaman_onboarding.domain.licences",
    "thaman_onboarding.domain.price_write",
    "thaman_scheduler.domain.events",
    "thaman_optimizer.domain.events",
    "thaman_audit.publication",
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of a service's log; ``event`` is ``None`` when it cannot be read, and ``fault`` says why."""

    service: str
    position: int
    originator: UUID
    version: int
    topic: str
    event: DomainEvent | None
    fault: str = ""

    @property
    def name(self) -> str:
        """The event's id, as it is called everywhere."""
        return f"{self.service} {self.originator}:{self.version}"

    @property
    def is_published(self) -> bool:
        """Whether the world hears of it: stored classes that carry a contract are published."""
        return isinstance(self.event, EventData)


@dataclass(frozen=True)
class Facts:
    """One look at the whole installation."""

    connection: Connection
    logs: Mapping[str, list[Stored]]
    ledger: list[Entry]
    heads: Mapping[str, Head]
    by_type: dict[type, list[Any]] = field(default_factory=dict)

    def events(self, service: str, kind: type[E]) -> list[E]:
        """The readable events of a contract, in the order of the service's log."""
        if kind not in self.by_type:
            self.by_type[kind] = [row.event for row in self.logs[service] if isinstance(row.event, kind)]
        return self.by_type[kind]

    def rows(self, query: str, service: str | None = None, **params: Any) -> list[Row]:
        """The rows of a named query."""
        return select(self.connection, query, service, **params)


def read(connection: Connection) -> Facts:
    """Read logs and ledger."""
    load_topics()
    return Facts(
        connection,
        logs={service: list(_log(connection, service)) for service in SERVICES},
        ledger=[
            Entry(**row) for row in Archive(Reading(connection), archive_dir()).filled(select(connection, "ledger"))
        ],
        heads={row["store_id"]: Head(**row) for row in select(connection, "heads")},
    )


def load_topics() -> None:
    """Make every stored class of every service known."""
    for module in _MODULES:
        importlib.import_module(module)


def stored_classes() -> list[type[DomainEvent]]:
    """The stored classes of the services, and of nobody else who runs in this process."""
    load_topics()
    packages = {f"thaman_{service}" for service in SERVICES}
    return [one for one in TOPICS.values() if one.__module__.partition(".")[0] in packages]


def published_topics() -> list[str]:
    """The topics of which the world hears."""
    return [event_class.topic for event_class in stored_classes() if issubclass(event_class, EventData)]


def _log(connection: Connection, service: str) -> Iterator[Stored]:
    mapper = PydanticMapper(transcoder=JSONTranscoder())
    for row in select(connection, "log", service):
        stored = StoredEvent(row["originator_id"], row["originator_version"], row["topic"], bytes(row["state"]))
        event, fault = _decoded(mapper, stored)
        place = (row["notification_id"], row["originator_id"], row["originator_version"])
        yield Stored(service, *place, row["topic"], event, fault)


def _decoded(mapper: PydanticMapper, stored: StoredEvent) -> tuple[DomainEvent | None, str]:
    try:
        return mapper.to_domain_event(stored), ""
    except (UnknownTopic, ValidationError, ValueError, AttributeError) as error:
        return None, " ".join(str(error).split())[:200]
