"""What a service tells the world: which stored events are published, and as which contract."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from thaman_contracts.envelope import Envelope, encode, to_headers
from thaman_contracts.events import REGISTRY, EventData
from thaman_contracts.subjects import subject_of
from thaman_kit.domain import DomainEvent, published_fields
from thaman_kit.errors import Unpublishable

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
        body = encode(data)
        if len(body) > MAX_BODY:
            raise Unpublishable(f"{model.event_type()} has {len(body)} bytes, {MAX_BODY} are allowed")
        return Message(
            subject_of(self.service, event.store_id, model.event_name()),
            body,
            self._envelope(event, model.event_type(), position, previous),
        )

    def is_mapped(self, event_class: type[DomainEvent]) -> bool:
        """Whether this publication knows what to do with the class; a test asks it for every class of a service."""
        return event_class in self._mapping or _inherited(event_class) is not None

    def _mapped(self, event_class: type[DomainEvent]) -> Mapped:
        if event_class in self._mapping:
            return self._mapping[event_class]
        inherited = _inherited(event_class)
        if inherited is None:
            raise Unpublishable(
                f"{event_class.__name__} is not mapped; add it to the publication of {self.service},"
                " with None if it is private"
            )
        self._mapping[event_class] = inherited
        return inherited

    def _envelope(self, event: DomainEvent, event_type: str, position: int, previous: int) -> Envelope:
        trace = {"traceparent": event.meta.traceparent, "tracestate": event.meta.tracestate}
        return Envelope(
            event_id=event.event_id,
            service=self.service,
            type=event_type,
            store_id=event.store_id,
            time=event.occurred_at,
            position=position,
            previous=previous,
            correlation_id=event.meta.correlation_id or event.event_id,
            causation_id=event.meta.causation_id,
            trace={name: value for name, value in trace.items() if value is not None},
        )


def _inherited(event_class: type[DomainEvent]) -> type[EventData] | None:
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
