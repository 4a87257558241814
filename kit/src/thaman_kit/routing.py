"""Which function handles which event of another service."""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from pydantic import ValidationError

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import EventData, UnknownEventType, model_of
from thaman_kit.application import UnitOfWork
from thaman_kit.domain import EventMeta, caused_by
from thaman_kit.errors import Undeliverable
from thaman_kit.telemetry import consuming, inject

E = TypeVar("E", bound=EventData)
Handler: TypeAlias = Callable[[Any, Envelope, UnitOfWork], None]


class Router:
    """Handlers by event class.

    A handler is synchronous and touches nothing but its unit of work: several messages may share one unit, and the
    same message may be handed to it again after a failure. It raises on what it cannot accept.
    """

    def __init__(self) -> None:
        self._handlers: list[tuple[type[EventData], Handler]] = []
        self._handlers_of: dict[type[EventData], list[Handler]] = {}

    def on(
        self, *event_classes: type[E]
    ) -> Callable[[Callable[[E, Envelope, UnitOfWork], None]], Callable[[E, Envelope, UnitOfWork], None]]:
        """Register a handler for these events; :class:`EventData` itself means every event there is."""

        def register(handler: Callable[[E, Envelope, UnitOfWork], None]) -> Callable[[E, Envelope, UnitOfWork], None]:
            self._handlers.extend((event_class, handler) for event_class in event_classes)
            self._handlers_of.clear()
            return handler

        return register

    def include(self, other: "Router") -> None:
        """Take over the handlers of another router, after those already here."""
        self._handlers.extend(other._handlers)
        self._handlers_of.clear()

    def dispatch(self, envelope: Envelope, body: bytes, unit: UnitOfWork) -> None:
        """Decode one message and hand it to its handlers, inside its trace and as the cause of what they do.

        Raises:
            Undeliverable: the type or version is unknown here, or the body breaks its contract.
        """
        model = _model(envelope)
        if self._handlers_for(model):
            self.handle(decoded(model, envelope, body), envelope, unit)

    def handle(self, event: EventData, envelope: Envelope, unit: UnitOfWork) -> None:
        """Hand an event that was decoded already to its handlers; otherwise as :meth:`dispatch`."""
        handlers = self._handlers_for(type(event))
        if not handlers:
            return
        with (
            consuming(f"{envelope.event_name} process", envelope.trace, _attributes(envelope)),
            caused_by(_cause(envelope)),
        ):
            for handler in handlers:
                handler(event, envelope, unit)

    def apply(self, event: EventData, envelope: Envelope, unit: UnitOfWork) -> None:
        """Hand an event to its handlers outside of any trace, the cause of nothing: for rows that are made again."""
        for handler in self._handlers_for(type(event)):
            handler(event, envelope, unit)

    def _handlers_for(self, model: type[EventData]) -> list[Handler]:
        handlers = self._handlers_of.get(model)
        if handlers is None:
            handlers = [handler for event_class, handler in self._handlers if issubclass(model, event_class)]
            self._handlers_of[model] = handlers
        return handlers


def _model(envelope: Envelope) -> type[EventData]:
    try:
        return model_of(envelope.type)
    except UnknownEventType as error:
        raise Undeliverable(f"{error}; this release is older than the message, deploy the newer one") from error


def decoded(model: type[EventData], envelope: Envelope, body: bytes) -> EventData:
    """The event of a message.

    Raises:
        Undeliverable: the body breaks its contract, or speaks of another store.
    """
    try:
        event = model.model_validate_json(body)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
        raise Undeliverable(f"the body is no {envelope.type}: {problems}") from error
    if event.store_id != envelope.store_id:
        raise Undeliverable(f"the body speaks of store {event.store_id}, its headers of {envelope.store_id}")
    return event


def _cause(envelope: Envelope) -> EventMeta:
    # In a process without telemetry, and where nobody listens, the incoming trace is handed on as it came.
    trace_headers = inject() or envelope.trace
    return EventMeta(
        correlation_id=envelope.correlation_id or envelope.event_id,
        causation_id=envelope.event_id,
        traceparent=trace_headers.get("traceparent"),
        tracestate=trace_headers.get("tracestate"),
    )


def _attributes(envelope: Envelope) -> dict[str, str | int]:
    return {
        "messaging.system": "nats",
        "messaging.operation.type": "process",
        "messaging.message.id": envelope.event_id,
        "thaman.store_id": envelope.store_id,
        "thaman.service": envelope.service,
        "thaman.position": envelope.position,
    }
