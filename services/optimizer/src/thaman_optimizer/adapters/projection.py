"""Read models of the optimizer's own events: which rows each event makes.

The same function serves the live path (in the transaction of the events) and a rebuild from the event log, so both give
the same tables.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from thaman_contracts.events import EventData, advice, optimizer
from thaman_contracts.events.optimizer import Disposition
from thaman_contracts.ids import item_key
from thaman_kit.application import UnitOfWork
from thaman_kit.domain import Aggregate, DomainEvent
from thaman_kit.packing import columns, takes_columns
from thaman_optimizer.adapters.listing_rows import LISTING_ROWS
from thaman_optimizer.adapters.policy_rows import POLICY_ROWS, Rows
from thaman_optimizer.adapters.sql import queries
from thaman_optimizer.domain import events

AT_ONCE = frozenset(
    (
        "upsert_offer",
        "said_once",
        "decided",
        "proposal_closed",
        "reference_found",
        "prices_shadowed",
        "match_found",
        "match_answered",
    )
)
"""Statements that take all their rows in one go, because a run makes many of them."""

ORDER = (
    "policy_drafted",
    "policy_staged",
    "clear_links",
    "add_link",
    "clear_sources",
    "add_source",
    "forget_sources",
    "match_found",
    "match_answered",
    "looked",
    "run_started",
    "upsert_offer",
    "run_scouted",
    "run_assessed",
    "said_once",
    "decided",
    "proposal_closed",
    "undone",
    "reference_found",
    "prices_shadowed",
    "run_completed",
    "run_failed",
)
"""A policy has to be there before it is staged, a proposal before it is closed, a run before it ends."""


def keep(unit: UnitOfWork, events: Sequence[DomainEvent], aggregates: Sequence[Aggregate] = ()) -> None:
    """Put ``events`` and then the pending events of ``aggregates`` into the unit, and their rows with them."""
    recorded = [*events, *(event for aggregate in aggregates for event in aggregate.collect_events())]
    for event in recorded:
        unit.record(event)
    project(unit, recorded)


def project(unit: UnitOfWork, recorded: Iterable[DomainEvent]) -> None:
    """Put the rows of ``recorded`` into the unit, statements of a kind together, in the order of :data:`ORDER`.

    Rows of one kind must be of different things, which holds for the events of one command or one save of a run.
    """
    batches: dict[str, list[dict[str, Any]]] = {}
    for event in recorded:
        for name, row in rows_of(event):
            batches.setdefault(name, []).append(row)
    _close_at_once(batches)
    for name in sorted(batches, key=ORDER.index):
        if name in AT_ONCE:
            statement = queries()[name]
            rows = batches[name]
            unit.execute(statement, columns(statement, rows) if takes_columns(statement) else _together(rows))
        else:
            unit.execute_many(queries()[name], batches[name])


def _close_at_once(batches: dict[str, list[dict[str, Any]]]) -> None:
    """Let a proposal that is closed by the save that makes it be one row from the start."""
    made = {row["proposal_id"]: row for row in batches.get("said_once", ())}
    left = []
    for closing in batches.pop("proposal_closed", ()):
        if closing["proposal_id"] in made:
            made[closing["proposal_id"]].update(closing)
        else:
            left.append(closing)
    if left:
        batches["proposal_closed"] = left


def _together(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The rows as one parameter."""
    return {"rows": json.dumps(rows, default=_plain, ensure_ascii=False)}


def rows_of(event: DomainEvent) -> Rows:
    """The statements, by query name, that keep the read models in step with one event.

    Raises:
        TypeError: the event is not one of the optimizer's.
    """
    rows = _ROWS.get(type(event))
    if rows is None:
        raise TypeError(f"{type(event).__name__} has no read model; add it to the projection")
    return rows(event)


def _started(event: events.OptimizationStarted) -> Rows:
    row = _pick(event, "run_id", "store_id", "slot", "items", "settings_version", "engine_version")
    return [
        (
            "run_started",
            row | {"trigger": event.trigger.value, "mode": event.mode.value, "started_at": event.occurred_at},
        )
    ]


def _offers(event: events.OffersObserved) -> Rows:
    return [("upsert_offer", offer_row(event.store_id, event.run_id, offer)) for offer in event.offers]


def offer_row(store_id: str, run_id: UUID, offer: optimizer.Offer) -> dict[str, Any]:
    """What a run read of one link."""
    names = ("url", "competitor", "price", "currency", "in_stock", "confidence_bp", "observed_at", "digest", "detail")
    return _pick(offer, *names) | {
        "store_id": store_id,
        "item_key": offer.key,
        "fitness": offer.fitness.value,
        "evidence": None if offer.evidence is None else offer.evidence.model_dump_json(),
        "run_id": run_id,
    }


def _scouted(event: events.MarketScouted) -> Rows:
    names = ("items", "links", "offers_usable", "offers_unusable", "competitors", "duration_ms")
    return [("run_scouted", {"run_id": event.run_id, "scouted": json.dumps(_pick(event, *names))})]


def _assessed(event: events.MarketAssessed) -> Rows:
    row = {
        "run_id": event.run_id,
        "store_id": event.store_id,
        "at": event.occurred_at,
        "tokens": event.input_tokens + event.output_tokens,
        "cost_micro_usd": event.cost_micro_usd,
        "document": document_of(event, advice.MarketAssessed),
    }
    return [("run_assessed", row)]


def _completed(event: events.OptimizationCompleted) -> Rows:
    statistics = event.statistics.model_dump_json()
    return [
        ("run_completed", {"run_id": event.run_id, "ended_at": event.occurred_at, "statistics": statistics}),
    ]


def _failed(event: events.OptimizationFailed) -> Rows:
    row = {
        "run_id": event.run_id,
        "store_id": event.store_id,
        "ended_at": event.occurred_at,
        "failure": f"{event.stage}: {event.reason}",
    }
    return [("run_failed", row)]


def _proposed(event: events.PriceProposed) -> Rows:
    row = (
        _item(event)
        | {
            "state": "pending",
            "risk": event.risk.value,
            "disposition": event.disposition.value,
            "proposed_at": event.occurred_at,
            "expires_at": event.expires_at,
            "document": document_of(event, optimizer.PriceProposed),
        }
        | _OPEN
    )
    return [("said_once", row), *_reference(event)]


def _held(event: events.PriceHeld) -> Rows:
    row = (
        _item(event)
        | {
            "state": "held",
            "risk": None,
            "disposition": Disposition.HOLD.value,
            "proposed_at": event.occurred_at,
            "expires_at": None,
            "document": document_of(event, optimizer.PriceHeld),
        }
        | _OPEN
    )
    return [("said_once", row), *_reference(event)]


def _reference(event: events.PriceProposed | events.PriceHeld) -> Rows:
    if event.reference is None:
        return []
    day = event.occurred_at.date()
    row = {
        "store_id": event.store_id,
        "item_key": item_key(event.product_id, event.variant_id),
        "week": day - timedelta(days=day.weekday()),
        "reference": event.reference,
    }
    return [("reference_found", row)]


def _decided(event: events.PriceDecided) -> Rows:
    row = _item(event) | {
        "decision_id": event.decision_id,
        "decided_at": event.occurred_at,
        "decided_by": event.decided_by,
        "document": document_of(event, optimizer.PriceDecided),
    }
    del row["proposal_id"]
    return [("decided", row), ("proposal_closed", _closing(event, "decided", event.decided_by, None))]


def _reverted(event: events.PriceReverted) -> Rows:
    row = {"store_id": event.store_id, "item_key": item_key(event.product_id, event.variant_id)}
    return [("undone", row | {"undone_at": event.occurred_at})]


def _approved(event: events.PriceApproved) -> Rows:
    return []  # the decision in the same save closes the proposal


def _rejected(event: events.PriceRejected) -> Rows:
    return [("proposal_closed", _closing(event, "rejected", event.rejected_by, event.reason))]


def _expired(event: events.ProposalExpired) -> Rows:
    return [("proposal_closed", _closing(event, "expired", None, event.reason))]


def _links(event: events.CompetitorLinksChanged) -> Rows:
    rows: Rows = []
    for item in event.items:
        names = {"store_id": event.store_id, "item_key": item.key}
        rows.append(("clear_links", names))
        rows += [("add_link", names | {"url": link.url, "competitor": link.competitor}) for link in item.links]
    return rows


def _requested(event: events.RunRequested) -> Rows:
    return []  # the scheduler answers with a run


def document_of(event: DomainEvent, contract: type[EventData]) -> str:
    """The event as it is published, as JSON."""
    return event.model_dump_json(include=set(contract.model_fields))


_OPEN = {"closed_at": None, "closed_by": None, "close_reason": None}


def _plain(value: Any) -> str:
    """What JSON does not know: ids, instants and days."""
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


def _item(event: Any) -> dict[str, Any]:
    row = _pick(event, "proposal_id", "store_id", "run_id", "product_id", "variant_id")
    return row | {"item_key": item_key(event.product_id, event.variant_id)}


def _closing(event: Any, state: str, by: str | None, reason: str | None) -> dict[str, Any]:
    return {
        "proposal_id": event.proposal_id,
        "state": state,
        "closed_at": event.occurred_at,
        "closed_by": by,
        "close_reason": reason,
    }


def _pick(source: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(source, name) for name in names}


_ROWS: dict[type[DomainEvent], Callable[[Any], Rows]] = {
    events.RunRequested: _requested,
    events.CompetitorLinksChanged: _links,
    events.OptimizationStarted: _started,
    events.OffersObserved: _offers,
    events.MarketScouted: _scouted,
    events.MarketAssessed: _assessed,
    events.OptimizationCompleted: _completed,
    events.OptimizationFailed: _failed,
    events.PriceProposed: _proposed,
    events.PriceHeld: _held,
    events.PriceApproved: _approved,
    events.PriceRejected: _rejected,
    events.PriceDecided: _decided,
    events.ProposalExpired: _expired,
    events.PriceReverted: _reverted,
    **LISTING_ROWS,
    **POLICY_ROWS,
}
