"""The hand-over files of a run, gathered from the ledger."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from thaman_audit.domain.handover import (
    Market,
    Record,
    Recorded,
    execution_report,
    market_intelligence,
    pricing_decision,
    recorded,
)
from thaman_audit.domain.handover.record import FRAME
from thaman_audit.errors import SharedRun, UnknownRun
from thaman_audit.ports import Tables
from thaman_audit.verify import Entry
from thaman_audit.views import RunView, run_view
from thaman_contracts.events import EventData, advice, onboarding, optimizer
from thaman_contracts.handover import FILES, HandOver

PAGE = 50
"""Entries read at once on the way back; one of offers may have hundreds of kilobytes."""

_SPAN: dict[str, tuple[type[EventData], ...]] = {
    "frame": (*FRAME, optimizer.MarketScouted, advice.MarketAssessed),
    "end": (optimizer.OptimizationCompleted, optimizer.OptimizationFailed),
    "during": (optimizer.OffersObserved, optimizer.PriceProposed, optimizer.PriceHeld),
    "after": (
        optimizer.PriceApproved,
        optimizer.PriceRejected,
        optimizer.ProposalExpired,
        optimizer.PriceDecided,
    ),
    "writes": (
        onboarding.PriceWriteStarted,
        onboarding.PriceApplyUncertain,
        onboarding.PriceApplied,
        onboarding.PriceApplyFailed,
        onboarding.PriceDecisionStale,
    ),
}
"""Where in the chain a run's entries lie, by their types; see the query ``run_entries``."""


def latest_runs(tables: Tables, store_id: str | None, limit: int) -> list[tuple[str, RunView]]:
    """The latest runs of all stores, or of one, each with its store."""
    rows = tables.select("latest_runs", store_id=store_id, limit=limit)
    return [(row["store_id"], run_view(row)) for row in rows]


def owner_of(tables: Tables, run_id: UUID) -> str:
    """The store whose run it is.

    Raises:
        UnknownRun: the ledger has heard of no such run.
        SharedRun: several stores say that it is theirs.
    """
    owners = [row["store_id"] for row in tables.select("run_owners", run_id=run_id)]
    if not owners:
        raise UnknownRun(run_id)
    if len(owners) > 1:
        raise SharedRun(run_id, owners)
    return str(owners[0])


def files_of(tables: Tables, store_id: str, run_id: UUID) -> Mapping[str, HandOver]:
    """The files of a store's run by their names, without ending.

    Raises:
        UnknownRun: the store's chain has no entry of the run.
        ForeignEntry: an entry in the store's chain speaks of another store.
        UnreadableEntry: an entry is not the event that it says.
    """
    record = _record(tables, store_id, run_id)
    market = Market(record)
    if (place := market.handed_over_at) is not None:
        market.link(_back(tables, store_id, optimizer.CompetitorLinksChanged, place))
        market.observe(_back(tables, store_id, optimizer.OffersObserved, place))
    made = (market_intelligence(market), pricing_decision(record), execution_report(record))
    return dict(zip(FILES, made, strict=True))


def _record(tables: Tables, store_id: str, run_id: UUID) -> Record:
    types = {part: [kind.event_type() for kind in kinds] for part, kinds in _SPAN.items()}
    start = optimizer.OptimizationStarted.event_type()
    rows = tables.select("run_entries", store_id=store_id, run_id=str(run_id), start=start, **types)
    if not rows:
        raise UnknownRun(run_id)
    return Record(store_id, run_id, [recorded(store_id, Entry(**row)) for row in rows])


def _back(tables: Tables, store_id: str, kind: type[EventData], before: int) -> Iterator[Recorded]:
    """A store's entries of one type, from a place back to its first."""
    while True:
        page = tables.select("entries_before", store_id=store_id, type=kind.event_type(), before=before, limit=PAGE)
        yield from (recorded(store_id, Entry(**row)) for row in page)
        if len(page) < PAGE:
            return
        before = page[-1]["seq"]
