"""Why an item's price was what it was, gathered from the ledger with a few indexed questions."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice, takewhile
from typing import Any
from uuid import UUID

from thaman_audit.domain.handover import Market, Record, Recorded, recorded
from thaman_audit.domain.why import Found, History, PriceRow, Why, answer
from thaman_audit.domain.why.arabic import told_ar
from thaman_audit.domain.why.english import told_en
from thaman_audit.domain.why.history import Standing
from thaman_audit.domain.why.narrow import about
from thaman_audit.errors import FutureInstant, PricedByVariants, UnknownItem
from thaman_audit.ports import Tables
from thaman_audit.verify import Entry
from thaman_audit.views import run_view
from thaman_contracts.events import EventData
from thaman_contracts.events.advice import MarketAssessed
from thaman_contracts.events.onboarding import (
    CatalogItemsRemoved,
    CatalogObserved,
    PriceApplied,
    PriceApplyFailed,
    PriceDecisionStale,
    PriceWriteStarted,
)
from thaman_contracts.events.optimizer import (
    CompetitorLinksChanged,
    MarketScouted,
    OffersObserved,
    PriceDecided,
    PriceProposed,
    PriceReverted,
)
from thaman_contracts.handover import RunFrame, RunStatus

LAST = 2**62
ROWS = 20
"""Most rows of one standing price that are read; two or three are usual."""

PAGE = 2
"""Entries read at once on the way back, where hardly ever more are wanted; one may have hundreds of kilobytes."""

PLACES = 20
"""Places asked for at once."""

NEAR = 5
"""Runs of a store hardly ever overlap: a run's hand-over is among so many before its proposals."""

_BEGUN = [kind.event_name() for kind in (PriceDecided, PriceWriteStarted)]
_SETTLED = [kind.event_name() for kind in (PriceApplied, PriceApplyFailed, PriceDecisionStale)]


def why(tables: Tables, store_id: str, item: str, at: datetime, now: datetime) -> Why:
    """The chain of causes of an item's price at an instant, with words in Arabic and in English.

    Raises:
        FutureInstant: ``at`` is later than ``now``.
        UnknownItem: the ledger has no price of this item.
        PricedByVariants: it has none, but it has prices of the product's variants.
        SpoiledLedger: an entry is not what it should be.
    """
    if at > now:
        raise FutureInstant(f"{at.isoformat()} has not come yet")
    rows = tables.select("price_at", store_id=store_id, item=item, at=at, limit=ROWS)
    if not rows:
        raise _unknown(tables, store_id, item)
    found = Found(store_id, item, at, History([PriceRow(**row) for row in rows]))
    _entries(tables, found)
    if (standing := found.history.now) is not None:
        _causes(tables, found, standing)
    told = answer(found)
    return told.model_copy(update={"told_ar": told_ar(told), "told_en": told_en(told)})


def _unknown(tables: Tables, store_id: str, item: str) -> UnknownItem:
    variants = [row["item"] for row in tables.select("variants_of", store_id=store_id, product=item, limit=ROWS)]
    return PricedByVariants(item, variants) if variants else UnknownItem(f"{store_id} {item}")


class Mentions:
    """The entries that speak of an item among others. Where they are is asked from the newest back, as far as it is
    wanted; what they say of the item alone is read once."""

    def __init__(self, tables: Tables, store_id: str, item: str) -> None:
        self._tables = tables
        self._store_id = store_id
        self._item = item
        self._read: dict[int, Recorded] = {}

    def of(
        self, kind: type[EventData], *, before: int = LAST, until: datetime | None = None, page: int = PAGE
    ) -> Iterator[Recorded]:
        """Those of one type, newest first: before a place, of events that had occurred at an instant."""
        for places in self._places(kind, before, until):
            for start in range(0, len(places), page):
                wanted = places[start : start + page]
                self._fetch([seq for seq in wanted if seq not in self._read])
                yield from (self._read[seq] for seq in wanted)

    def _places(self, kind: type[EventData], before: int, until: datetime | None) -> Iterator[list[int]]:
        known = {"store_id": self._store_id, "item": self._item, "type": kind.event_type()}
        while rows := self._tables.select("mentions", **known, before=before, until=until, limit=PLACES):
            yield [row["seq"] for row in rows]
            before = rows[-1]["seq"]

    def _fetch(self, places: list[int]) -> None:
        for row in self._tables.select("entries_at", store_id=self._store_id, places=places) if places else ():
            self._read[row["seq"]] = recorded(self._store_id, about(self._item, Entry(**row)))


def _entries(tables: Tables, found: Found) -> None:
    """What was said about the item in the runs that matter, and the hand edits."""
    known = {"store_id": found.store_id, "item": found.item}
    opened = tables.select("open_at", **known, at=found.at, begun=_BEGUN, settled=_SETTLED)
    found.open_runs = [row["run_id"] for row in opened]
    rows = [standing.cause for standing in (found.history.now, found.history.after) if standing is not None]
    runs = {*found.open_runs, *(row.run_id for row in rows if row.run_id is not None)}
    entries = tables.select(
        "item_entries",
        **known,
        runs=sorted(runs),
        services=[row.service for row in rows],
        events=[row.event_id for row in rows],
        names=[PriceReverted.event_name()],
    )
    found.entries = _read(found.store_id, entries)


def _causes(tables: Tables, found: Found, standing: Standing) -> None:
    """What the price stood on, and the run that it came from."""
    run_id, basis = standing.cause.run_id, standing.cause.at
    mentions = Mentions(tables, found.store_id, found.item)
    if run_id is not None:
        proposed = next((row for row in found.record(run_id).rows if isinstance(row.event, PriceProposed)), None)
        if proposed is not None:
            basis = proposed.event.occurred_at
            _market(tables, mentions, found, run_id, proposed)
        found.frame = _frame(tables, found.store_id, run_id, proposed)
    found.seen = next(mentions.of(CatalogObserved, until=basis, page=1), None)
    found.gone = _gone(mentions, found)


def _market(tables: Tables, mentions: Mentions, found: Found, run_id: UUID, proposed: Recorded) -> None:
    """What the run knew of rivals, and what it was advised."""
    place = proposed.entry.seq
    scouted = _near(tables, found.store_id, MarketScouted, place, run_id)
    found.assessed = _near(tables, found.store_id, MarketAssessed, place, run_id)
    handed_over = place if scouted is None else scouted.entry.seq
    read = takewhile(partial(_is_of, run_id), mentions.of(OffersObserved, before=handed_over))
    rows = [*found.record(run_id).rows, *reversed(list(read)), *([scouted] if scouted else [])]
    found.market = Market(Record(found.store_id, run_id, rows), whole=False)
    found.market.link(islice(mentions.of(CompetitorLinksChanged, before=handed_over, page=1), 1))
    found.market.observe(mentions.of(OffersObserved, before=handed_over))


def _is_of(run_id: UUID, row: Recorded) -> bool:
    return isinstance(row.event, OffersObserved) and row.event.run_id == run_id


def _gone(mentions: Mentions, found: Found) -> Recorded | None:
    """The item's removal from the catalogue, if it was gone at the instant, or if that ended its price."""
    last = next(mentions.of(CatalogItemsRemoved, page=1), None)
    if last is None:
        return None
    before = next(mentions.of(CatalogItemsRemoved, until=found.at, page=1), None)
    seen = next(mentions.of(CatalogObserved, until=found.at, page=1), None)
    if before is not None and (seen is None or seen.entry.seq < before.entry.seq):
        return before
    after = found.history.after
    ended = last.event.occurred_at > found.at and (after is None or last.event.occurred_at <= after.cause.at)
    return last if ended else None


def _frame(tables: Tables, store_id: str, run_id: UUID, proposed: Recorded | None) -> RunFrame | None:
    rows = tables.select("runs_of", store_id=store_id, runs=[run_id])
    if not rows:
        return None
    run = run_view(rows[0])
    said = proposed.event if proposed else None
    return RunFrame.model_validate(
        {
            **run.model_dump(include=set(RunFrame.model_fields)),
            "status": RunStatus(run.status),
            "ended_at": run.completed_at or run.failed_at,
            "settings_version": said.settings_version if isinstance(said, PriceProposed) else None,
            "engine_version": said.engine_version if isinstance(said, PriceProposed) else None,
        }
    )


def _near(tables: Tables, store_id: str, kind: type[EventData], before: int, run_id: UUID) -> Recorded | None:
    """A run's only entry of a type, which lies not far before a place."""
    rows = tables.select("entries_before", store_id=store_id, type=kind.event_type(), before=before, limit=NEAR)
    # Others are not read: they may be large.
    mine = [row for row in rows if str(run_id).encode() in row["data"]]
    found = _read(store_id, mine)
    return next((row for row in found if getattr(row.event, "run_id", None) == run_id), None)


def _read(store_id: str, rows: Sequence[dict[str, Any]]) -> list[Recorded]:
    return [recorded(store_id, Entry(**row)) for row in rows]
