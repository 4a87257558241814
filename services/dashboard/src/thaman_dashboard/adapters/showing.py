"""Rows as the views that the pages know."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from thaman_contracts.events.optimizer import PriceProposed, RunStatistics
from thaman_contracts.events.settings import StoreSettings
from thaman_dashboard.views import (
    Advice,
    DecisionState,
    DecisionView,
    PriceCause,
    PricePoint,
    ProposalState,
    ProposalView,
    Role,
    RunState,
    RunView,
    SessionView,
    StoreView,
)

T = TypeVar("T")
Stored = Mapping[str, Any]


def shown(view: type[T], row: Stored, **instead: Any) -> T:
    """A view of a row's columns of the same names; ``instead`` are fields that are more than a column."""
    names = (field.name for field in fields(view))  # type: ignore[arg-type]
    return view(**{name: row[name] for name in names if name not in instead}, **instead)


def store_of(row: Stored) -> StoreView:
    """A store that was authorised."""
    return shown(StoreView, row, settings=StoreSettings.model_validate(row["settings"]))


def proposal_of(row: Stored) -> ProposalView:
    """A proposal with its event."""
    document = PriceProposed.model_validate(row["document"])
    return shown(ProposalView, row, state=ProposalState(row["state"]), document=document)


def decision_of(row: Stored) -> DecisionView:
    """A decision."""
    return shown(DecisionView, row, state=DecisionState(row["state"]))


def price_of(row: Stored) -> PricePoint:
    """A step of a price."""
    return shown(PricePoint, row, cause=PriceCause(row["cause"]))


def run_of(row: Stored) -> RunView:
    """A run."""
    statistics, advice = row["statistics"], row["advice"]
    return shown(
        RunView,
        row,
        state=RunState(row["state"]),
        statistics=None if statistics is None else RunStatistics.model_validate(statistics),
        advice=None if advice is None else Advice(**advice),
    )


def session_of(row: Stored) -> SessionView:
    """A session."""
    return shown(SessionView, row, hash=bytes(row["hash"]), role=Role(row["role"]))
