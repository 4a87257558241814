"""What a service's ``domain/`` builds on: stored events and the aggregates that fold them. Pure, no input or output.

A stored event is private to its service and kept for ever under an explicit *topic*. Most of ours carry just what
they publish and so inherit the fields of the contract::

    class StorePaused(DomainEvent, onboarding.StorePaused, topic="store.Paused"):
        ...

Renaming or moving a class does not touch history, because history knows topics only. A changed meaning raises
``class_version`` and brings an upcaster ``upcast_v1_v2(state) -> state`` for each step.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from thaman_contracts.events import Part, UtcDatetime
from thaman_contracts.ids import StoreId


class EventMeta(BaseModel):
    """Where an event came from: the chain of causes and the trace it belongs to."""

    model_config = ConfigDict(frozen=True)

    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None


_NOTHING = EventMeta()
_cause: ContextVar[EventMeta] = ContextVar("thaman_cause", default=_NOTHING)


def current_cause() -> EventMeta:
    """The cause that events triggered now will carry."""
    return _cause.get()


@contextmanager
def caused_by(meta: EventMeta) -> Iterator[None]:
    """Within the block every triggered event carries ``meta``."""
    token = _cause.set(meta)
    try:
        yield
    finally:
        _cause.reset(token)


class DomainEvent(Part):
    """A stored event: one fact about one originator, never changed."""

    topic: ClassVar[str]
    class_version: ClassVar[int] = 1

    originator_id: UUID
    originator_version: int = Field(ge=1)
    store_id: StoreId
    occurred_at: UtcDatetime
    meta: EventMeta = Field(default_factory=current_cause)

    def __init_subclass__(cls, *, topic: str | None = None, class_version: int = 1, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if topic is None:
            return
        if topic in TOPICS and TOPICS[topic].__qualname__ != cls.__qualname__:
            raise TypeError(f"topic {topic!r} belongs to {TOPICS[topic].__qualname__} already")
        cls.topic = topic
        cls.class_version = class_version
        TOPICS[topic] = cls

    @property
    def event_id(self) -> str:
        """The event's name for ever: ``<originator id>:<version>``."""
        return f"{self.originator_id}:{self.originator_version}"


TOPICS: dict[str, type[DomainEvent]] = {}
"""Every stored event class of this process by topic."""


def upcast(event_class: type[DomainEvent], state: dict[str, Any], from_version: int) -> dict[str, Any]:
    """Bring a stored state up to the class's present version, one step at a time."""
    for version in range(from_version, event_class.class_version):
        step: Callable[[dict[str, Any]], dict[str, Any]] = getattr(event_class, f"upcast_v{version}_v{version + 1}")
        state = step(state)
    return state


E = TypeVar("E", bound=DomainEvent)


class Aggregate:
    """A consistency boundary: it decides, and the events it triggered are what it decided.

    Subclasses write commands (methods that check and :meth:`trigger`) and :meth:`when`, which changes state from
    an event and must raise on one it does not know.
    """

    def __init__(self, id: UUID) -> None:
        self.id = id
        self.version = 0
        self._pending: list[DomainEvent] = []

    @classmethod
    def fold(cls, id: UUID, events: Iterator[DomainEvent]) -> Self | None:
        """The aggregate as its history says, or ``None`` when there is none.

        Raises:
            ValueError: the versions are not 1, 2, 3, ...
        """
        aggregate = cls(id)
        for event in events:
            aggregate._apply(event)
        return aggregate if aggregate.version else None

    def trigger(self, event_class: type[E], **fields: Any) -> E:
        """Decide: build the event, apply it, and keep it for the unit of work to store."""
        event = event_class(originator_id=self.id, originator_version=self.version + 1, **fields)
        self._apply(event)
        self._pending.append(event)
        return event

    def when(self, event: DomainEvent) -> None:
        """Change state as ``event`` says."""
        raise TypeError(f"{type(self).__name__} does not know {type(event).__name__}")

    def collect_events(self) -> list[DomainEvent]:
        """Hand over the pending events; afterwards there are none."""
        pending, self._pending = self._pending, []
        return pending

    @property
    def has_pending(self) -> bool:
        """Whether something was decided that is not stored yet."""
        return bool(self._pending)

    def _apply(self, event: DomainEvent) -> None:
        if event.originator_version != self.version + 1:
            raise ValueError(f"{self.id}: event {event.originator_version} after version {self.version}")
        self.when(event)
        self.version = event.originator_version


def published_fields(event: DomainEvent, names: Mapping[str, Any]) -> dict[str, Any]:
    """The event's values for the field names of a contract."""
    return {name: getattr(event, name) for name in names}
