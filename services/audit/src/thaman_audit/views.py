"""What readers see of the ledger: rows as JSON, with the cause of each price."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from thaman_audit.domain.lines import line_of
from thaman_contracts.events import REGISTRY, UtcDatetime


class EntryView(BaseModel):
    """One entry of a store's chain."""

    seq: int
    event_id: str
    service: str
    type: str
    name: str
    occurred_at: UtcDatetime
    recorded_at: UtcDatetime
    data: dict[str, Any]
    hash: str
    prev_hash: str


class ActivityView(BaseModel):
    """One line for people."""

    seq: int
    at: UtcDatetime
    name: str
    ar: str
    en: str


class RunView(BaseModel):
    """A pricing run from its request to its end."""

    run_id: UUID
    status: str = Field(description="requested, started, completed or failed")
    trigger: str | None
    slot: UtcDatetime | None
    requested_by: str | None
    requested_at: UtcDatetime | None
    started_at: UtcDatetime | None
    completed_at: UtcDatetime | None
    failed_at: UtcDatetime | None
    failure: str | None
    mode: str | None
    items: int | None
    statistics: dict[str, int] | None


class CauseView(BaseModel):
    """One step on the way to a price, with the event's own words."""

    name: str
    at: UtcDatetime
    seq: int
    data: dict[str, Any]


class PriceView(BaseModel):
    """A price of an item, from when on, and why. Halalas; the shelf price is with VAT."""

    at: UtcDatetime
    base_price: int
    shelf_price: int | None
    old_base_price: int | None
    cause: str = Field(description="first_seen, observed, manual_edit or decision")
    who: str = Field(description="Policy, whoever approved, merchant, or salla where nobody is known.")
    decision_id: UUID | None
    run: RunView | None
    chain: list[CauseView] = Field(description="From the proposal to the write that was read back.")


class HeadView(BaseModel):
    """The end of a store's chain."""

    store_id: str
    entries: int
    hash: str


class VerdictView(BaseModel):
    """The outcome of a walk along a chain."""

    store_id: str
    ok: bool
    entries: int = Field(description="How many entries were found good, counted from the first.")
    broken_at: int | None = Field(description="The first entry that does not hold.")
    reason: str | None


class StoreView(BaseModel):
    """A store and the end of its chain."""

    store_id: str
    name: str | None
    plan: str | None
    via: str | None
    mode: str | None
    connected: bool | None
    paused: bool
    first_authorized_at: UtcDatetime | None
    entries: int
    hash: str


class OverviewView(BaseModel):
    """The whole ledger in a few numbers; ``progress`` is the place read in each service's log, by partition."""

    chains: int
    entries: int
    stores: int
    connected: int
    paused: int
    progress: dict[str, int]


def entry_view(row: Mapping[str, Any]) -> EntryView:
    """An entry with its data read."""
    return EntryView(
        seq=row["seq"],
        event_id=row["event_id"],
        service=row["service"],
        type=row["type"],
        name=event_name(row["type"]),
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        data=json.loads(row["data"]),
        hash=row["hash"].hex(),
        prev_hash=row["prev_hash"].hex(),
    )


def activity_view(row: Mapping[str, Any]) -> ActivityView:
    """An entry as a line for people; of an unknown type only the name is told."""
    model = REGISTRY.get(row["type"])
    name = event_name(row["type"])
    line = line_of(model.model_validate_json(row["data"])) if model else None
    return ActivityView(
        seq=row["seq"], at=row["occurred_at"], name=name, ar=line.ar if line else name, en=line.en if line else name
    )


def run_view(row: Mapping[str, Any]) -> RunView:
    """A run with its status."""
    return RunView(status=_status(row), **{name: row[name] for name in RunView.model_fields if name != "status"})


def price_views(
    rows: Iterable[Mapping[str, Any]], causes: Iterable[Mapping[str, Any]], runs: Iterable[Mapping[str, Any]]
) -> list[PriceView]:
    """Prices, each with the events that led to it and the run they came from."""
    by_run = {row["run_id"]: run_view(row) for row in runs}
    chains = _chains(list(causes))
    return [_price_view(row, chains.get(row["decision_id"], []), by_run.get(row["run_id"])) for row in rows]


def event_name(event_type: str) -> str:
    """The event's name in a CloudEvents type."""
    return event_type.split(".")[2]


def _chains(causes: list[Mapping[str, Any]]) -> dict[UUID, list[CauseView]]:
    decision_of = {row["proposal_id"]: row["decision_id"] for row in causes if row["name"] == "PriceDecided"}
    chains: dict[UUID, list[CauseView]] = defaultdict(list)
    for row in causes:
        decision = row["decision_id"] or decision_of.get(row["proposal_id"])
        if decision is not None:
            view = CauseView(name=row["name"], at=row["at"], seq=row["seq"], data=json.loads(row["data"]))
            chains[decision].append(view)
    return chains


def _price_view(row: Mapping[str, Any], chain: list[CauseView], run: RunView | None) -> PriceView:
    return PriceView(
        at=row["at"],
        base_price=row["base_price"],
        shelf_price=row["shelf_price"],
        old_base_price=row["old_base_price"],
        cause=row["cause"],
        who=_who(row["cause"], chain),
        decision_id=row["decision_id"],
        run=run,
        chain=chain,
    )


def _who(cause: str, chain: list[CauseView]) -> str:
    if cause == "manual_edit":
        return "merchant"
    decided = next((step.data["decided_by"] for step in chain if step.name == "PriceDecided"), None)
    return str(decided) if decided is not None else "salla"


def _status(row: Mapping[str, Any]) -> str:
    steps: dict[str, datetime | None] = {
        "failed": row["failed_at"],
        "completed": row["completed_at"],
        "started": row["started_at"],
    }
    return next((name for name, at in steps.items() if at is not None), "requested")
