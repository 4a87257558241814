"""The rows that events add to the read models. A function of the events alone, so a rebuild gives the same rows."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from functools import cache
from typing import Any

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import EventData, onboarding, optimizer, scheduler
from thaman_contracts.ids import item_key

Row = dict[str, Any]
Projector = Callable[[Any, Envelope, "Rows"], None]

UNORDERED = ("item_event",)
"""Statements whose rows are the same whatever came before them."""


class Rows:
    """Rows by the name of the statement that stores them, in the order of the events."""

    def __init__(self) -> None:
        self.by_statement: dict[str, list[Row]] = defaultdict(list)

    def add(self, statement: str, row: Row) -> None:
        """One more row."""
        self.by_statement[statement].append(row)

    def taken(self, statements: Collection[str]) -> "Rows":
        """The rows of some statements, which are no longer among these."""
        some = Rows()
        for statement in statements:
            if statement in self.by_statement:
                some.by_statement[statement] = self.by_statement.pop(statement)
        return some


def together(found: Iterable[Rows]) -> Rows:
    """All rows, in their order."""
    whole = Rows()
    for rows in found:
        for statement, some in rows.by_statement.items():
            whole.by_statement[statement] += some
    return whole


def project(event: EventData, envelope: Envelope, rows: Rows) -> None:
    """Add what ``event`` says to ``rows``; most events add nothing or one row."""
    for projector in _projectors(type(event)):
        projector(event, envelope, rows)


def fills_tables(model: type[EventData]) -> bool:
    """Whether events of a class add rows anywhere but to the index of events by item."""
    return any(projector is not _item_event for projector in _projectors(model))


@cache
def _projectors(model: type[EventData]) -> tuple[Projector, ...]:
    return tuple(_PROJECTORS[one] for one in model.__mro__ if one in _PROJECTORS)


_STORE: Row = dict.fromkeys(("name", "plan", "via", "mode", "connected", "paused", "at"))


def _store(*fields: str, **fixed: object) -> Projector:
    """What an event says about its store; fields it does not speak of stay as they are."""

    def projector(event: Any, _: Envelope, rows: Rows) -> None:
        said = {name: getattr(event, name) for name in fields} | fixed
        rows.add("store", _STORE | {"store_id": event.store_id} | said)

    return projector


def _authorized(event: onboarding.StoreAuthorized, _: Envelope, rows: Rows) -> None:
    row = {
        "store_id": event.store_id,
        "name": event.name,
        "plan": event.plan,
        "via": event.via.value,
        "mode": event.settings.mode.value,
        "connected": True,
        "at": event.occurred_at,
    }
    rows.add("store", _STORE | row)


def _settings(event: onboarding.StoreSettingsChanged, _: Envelope, rows: Rows) -> None:
    rows.add("store", _STORE | {"store_id": event.store_id, "mode": event.settings.mode.value})


def _requested(event: scheduler.OptimizationRequested, _: Envelope, rows: Rows) -> None:
    rows.add(
        "run_requested",
        _run(event) | {"trigger": event.trigger.value, "slot": event.slot, "requested_by": event.requested_by},
    )


def _started(event: optimizer.OptimizationStarted, _: Envelope, rows: Rows) -> None:
    rows.add(
        "run_started",
        _run(event)
        | {
            "trigger": event.trigger.value,
            "slot": event.slot,
            "items": event.items,
            "mode": event.mode.value,
        },
    )


def _completed(event: optimizer.OptimizationCompleted, _: Envelope, rows: Rows) -> None:
    rows.add("run_completed", _run(event) | {"statistics": event.statistics.model_dump_json()})


def _failed(event: optimizer.OptimizationFailed, _: Envelope, rows: Rows) -> None:
    rows.add("run_failed", _run(event) | {"failure": f"{event.stage}: {event.reason}"})


def _run(event: Any) -> Row:
    return {"store_id": event.store_id, "run_id": event.run_id, "at": event.occurred_at}


_CAUSES: Row = dict.fromkeys(("run_id", "proposal_id", "decision_id"))


@cache
def _causes(model: type[EventData]) -> tuple[str, ...]:
    """Of what events of a class say that it caused them."""
    return tuple(name for name in _CAUSES if name in model.model_fields)


def _item_event(event: Any, envelope: Envelope, rows: Rows) -> None:
    row = {
        "store_id": event.store_id,
        "item": item_key(event.product_id, event.variant_id),
        "service": envelope.service,
        "event_id": envelope.event_id,
        "name": envelope.event_name,
        "at": event.occurred_at,
    }
    rows.add("item_event", row | _CAUSES | {name: getattr(event, name) for name in _causes(event.__class__)})


def _observed(event: onboarding.CatalogObserved, envelope: Envelope, rows: Rows) -> None:
    for item in event.items:
        if not item.has_variants:
            row = _price(envelope, event.store_id, item.key, event.occurred_at)
            said = {"base_price": item.base_price, "shelf_price": item.shelf_price, "cause": "observed"}
            rows.add("price", row | said)


def _edited(event: onboarding.ManualEditDetected, envelope: Envelope, rows: Rows) -> None:
    row = _price(envelope, event.store_id, item_key(event.product_id, event.variant_id), event.occurred_at)
    rows.add("price", row | {"base_price": event.found_base_price, "cause": "manual_edit"})
    _item_event(event, envelope, rows)


def _applied(event: onboarding.PriceApplied, envelope: Envelope, rows: Rows) -> None:
    row = _price(envelope, event.store_id, item_key(event.product_id, event.variant_id), event.occurred_at)
    rows.add(
        "price",
        row
        | {
            "base_price": event.base_price,
            "shelf_price": event.shelf_price,
            "cause": "decision",
            "decision_id": event.decision_id,
            "run_id": event.run_id,
        },
    )


def _price(envelope: Envelope, store_id: str, item: str, at: datetime) -> Row:
    return {
        "store_id": store_id,
        "item": item,
        "at": at,
        "service": envelope.service,
        "event_id": envelope.event_id,
        "shelf_price": None,
        "decision_id": None,
        "run_id": None,
    }


_PROJECTORS: dict[type, Projector] = {
    onboarding.StoreAuthorized: _authorized,
    onboarding.StoreReauthorized: _store("plan", connected=True),
    onboarding.ReauthorizationRequired: _store(connected=False),
    onboarding.StoreUninstalled: _store(connected=False),
    onboarding.StoreForgotten: _store(name=onboarding.FORGOTTEN),
    onboarding.StorePaused: _store(paused=True),
    onboarding.StoreResumed: _store(paused=False),
    onboarding.StoreSettingsChanged: _settings,
    onboarding.CatalogObserved: _observed,
    onboarding.ManualEditDetected: _edited,
    onboarding.PriceApplied: _applied,
    onboarding.WriteEvent: _item_event,
    optimizer.ItemEvent: _item_event,
    optimizer.OptimizationStarted: _started,
    optimizer.OptimizationCompleted: _completed,
    optimizer.OptimizationFailed: _failed,
    scheduler.OptimizationRequested: _requested,
}
