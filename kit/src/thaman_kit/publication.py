"""What a service tells the world: which stored events are published, and as which contract."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from eventsourcing.persistence import StoredEvent

from thaman_contracts.envelope import Envelope, encode, to_headers
from thaman_contracts.events import REGISTRY, EventData
from thaman_contracts.subjects import subject_of
from thaman_kit.domain import DomainEvent, EventMeta, published_fields
from thaman_kit.errors import Unpublishable
from thaman_kit.mapper import event_of, state_of

MAX_BODY = 900_000
"""Bytes; NATS refuses 1 MiB with headers."""

Mapped = type[EventData] | Callable[[Any], EventData | None] | None


@dataclass(frozen=True, slots=True)
class Message:
    """One event ready for the bus."""

    subject: str
    body: bytes
    envelope: Envelope

    @property
    def headers(self) -> dict[str, str]:
        """The NATS headers."""
        return to_headers(self.envelope)


class Publication:
    """The map from stored classes to contracts.

    A stored class that inherits a contract is published as that contract without being named here. Any other class
    must be named: with the contract whose fields it has, with a function that builds the contract (or returns
    ``None`` to say nothing this time), or with ``None`` when it is private.
    """

    def __init__(self, service: str, mapping: Mapping[type[DomainEvent], Mapped] | None = None) -> None:
        self.service = service
        self._mapping: dict[type[DomainEvent], Mapped] = dict(mapping or {})

    def message_of(self, event: DomainEvent, position: int, previous: int) -> Message | None:
        """The message of a stored event, or ``None`` when it is private.

        Raises:
            Unpublishable: the class is not mapped, its contract refuses the values, or the body is too large.
        """
        mapped = self._mapped(type(event))
        if mapped is None:
            return None
        model, data = _published(event, mapped)
        if model is None:
            return None
        known = _Known(event.event_id, event.store_id, event.occurred_at, event.meta)
        return self._message(model, known, position, previous, data)

    def message_of_row(self, row: StoredEvent, position: int, previous_of: Callable[[str], int]) -> Message | None:
        """The same message, made of the row itself; ``previous_of`` tells the place before it for a store.

        Most rows hold what they publish, and its values were checked when the event was made. Making the event again
        would be most of a relay's work.

        Raises:
            UnknownTopic: no class of this process has the row's topic.
            Unpublishable: as :meth:`message_of`.
        """
        event_class, state = state_of(row)
        model = contract_of(event_class)
        if model is None or self._mapped(event_class) is not model or not model.model_fields.keys() <= state.keys():
            return self.message_of(event_of(row, event_class, state), position, previous_of(state["store_id"]))
        known = _Known(
            f"{row.originator_id}:{row.originator_version}",
            state["store_id"],
            datetime.fromisoformat(state["occurred_at"]),
            EventMeta(**state.get("meta", {})),
        )
        data = {name: state[name] for name in model.model_fields}
        return self._message(model, known, position, previous_of(known.store_id), data)

    def is_mapped(self, event_class: type[DomainEvent]) -> bool:
        """Whether this publication knows what to do with the class; a test asks it for every class of a service."""
        return event_class in self._mapping or contract_of(event_class) is not None

    def _mapped(self, event_class: type[DomainEvent]) -> Mapped:
        if event_class in self._mapping:
            return self._mapping[event_class]
        inherited = contract_of(event_class)
        if inherited is None:
            raise Unpublishable(
                f"{event_class.__name__} is not mapped; add it to the publication of {self.service},"
                " with None if it is private"
            )
        self._mapping[event_class] = inherited
        return inherited

    def _message(
        self, model: type[EventData], known: "_Known", position: int, previous: int, data: Mapping[str, Any]
    ) -> Message:
        body = encode(data)
        if len(body) > MAX_BODY:
            raise Unpublishable(f"{model.event_type()} has {len(body)} bytes, {MAX_BODY} are allowed")
        trace = {"traceparent": known.meta.traceparent, "tracestate": known.meta.tracestate}
        envelope = Envelope(
            event_id=known.event_id,
            service=self.service,
            type=model.event_type(),
            store_id=known.store_id,
            time=known.occurred_at,
            position=position,
            previous=previous,
            correlation_id=known.meta.correlation_id or known.event_id,
            causation_id=known.meta.causation_id,
            trace={name: value for name, value in trace.items() if value is not None},
        )
        return Message(subject_of(self.service, known.store_id, model.event_name()), body, envelope)


@dataclass(frozen=True, slots=True)
class _Known:
    """What an envelope says of an event."""

    event_id: str
    store_id: str
    occurred_at: datetime
    meta: EventMeta


@cache
def contract_of(event_class: type[DomainEvent]) -> type[EventData] | None:
    """The contract that a stored class inherits, and so is published as."""
    contracts = set(REGISTRY.values())
    return next((base for base in event_class.__mro__ if base in contracts), None)


def _published(event: DomainEvent, mapped: Mapped) -> tuple[type[EventData] | None, dict[str, Any]]:
    contract = _contract(mapped)
    if contract is not None and isinstance(event, contract):
        # Its values were checked when the event was made; only the contract's own fields leave the house.
        return contract, event.model_dump(mode="json", include=set(contract.model_fields))
    try:
        data = contract(**published_fields(event, contract.model_fields)) if contract else _built(event, mapped)
    except (ValueError, AttributeError, TypeError, LookupError) as error:
        raise Unpublishable(f"{type(event).__name__} {event.event_id} cannot be published: {error}") from error
    return (None, {}) if data is None else (type(data), data.model_dump(mode="json"))


def _contract(mapped: Mapped) -> type[EventData] | None:
    return mapped if isinstance(mapped, type) and issubclass(mapped, EventData) else None


def _built(event: DomainEvent, mapped: Mapped) -> EventData | None:
    if mapped is None or isinstance(mapped, type):
        return None
    return mapped(event)
