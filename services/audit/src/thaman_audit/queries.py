"""The questions that readers ask, page by page. Each returns items and the cursor of the page after them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from thaman_audit.domain.lines import QUIET
from thaman_audit.errors import UnknownItem, UnknownStore
from thaman_audit.paging import place_of
from thaman_audit.ports import Tables
from thaman_audit.views import (
    ActivityView,
    EntryView,
    HeadView,
    OverviewView,
    PriceView,
    RunView,
    StoreView,
    activity_view,
    entry_view,
    price_views,
    run_view,
)
from thaman_contracts.events import REGISTRY
from thaman_kit.cursors import seal, unseal


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries of a timeline are wanted; ``None`` leaves a filter out."""

    types: list[str] | None = None
    after: datetime | None = None
    before: datetime | None = None
    item: str | None = None
    without: tuple[str, ...] = ()


def timeline(
    tables: Tables, store_id: str, wanted: Wanted, cursor: str | None, limit: int
) -> tuple[list[EntryView], str | None]:
    """A store's entries, newest first."""
    rows, following = _entries(tables, store_id, wanted, cursor, limit)
    return [entry_view(row) for row in rows], following


def activity(tables: Tables, store_id: str, cursor: str | None, limit: int) -> tuple[list[ActivityView], str | None]:
    """What happened, in words, newest first."""
    rows, following = _entries(tables, store_id, Wanted(without=QUIET), cursor, limit)
    return [activity_view(row) for row in rows], following


def price_history(
    tables: Tables, store_id: str, item: str, cursor: str | None, limit: int
) -> tuple[list[PriceView], str | None]:
    """An item's prices with their causes, newest first.

    Raises:
        UnknownItem: the ledger has no price of this item.
    """
    before = place_of("prices", cursor)
    rows = tables.select("price_history", store_id=store_id, item=item, before=before, limit=limit + 1)
    if not rows and cursor is None:
        raise UnknownItem(f"{store_id} {item}")
    page = rows[:limit]
    decisions = [row["decision_id"] for row in page if row["decision_id"] is not None]
    runs = [row["run_id"] for row in page if row["run_id"] is not None]
    causes = tables.select("causes", store_id=store_id, item=item, decisions=decisions)
    views = price_views(page, causes, tables.select("runs_of", store_id=store_id, runs=runs))
    return views, seal("prices", page[-1]["id"]) if len(rows) > limit else None


def runs(tables: Tables, store_id: str, cursor: str | None, limit: int) -> tuple[list[RunView], str | None]:
    """A store's runs, latest first."""
    at, run_id = unseal("runs", cursor, datetime.fromisoformat, UUID) if cursor else (None, None)
    rows = tables.select("runs", store_id=store_id, at=at, run_id=run_id, limit=limit + 1)
    page = rows[:limit]
    following = seal("runs", page[-1]["latest_at"].isoformat(), page[-1]["run_id"]) if len(rows) > limit else None
    return [run_view(row) for row in page], following


def head(tables: Tables, store_id: str) -> HeadView:
    """The end of a store's chain.

    Raises:
        UnknownStore: the ledger has no entry of this store.
    """
    found = tables.head(store_id)
    if found is None:
        raise UnknownStore(store_id)
    return HeadView(store_id=store_id, entries=found.seq, hash=found.hash.hex())


def stores(tables: Tables, cursor: str | None, limit: int) -> tuple[list[StoreView], str | None]:
    """All stores by id."""
    after = unseal("stores", cursor, str)[0] if cursor else ""
    rows = tables.select("stores", cursor=after, limit=limit + 1)
    page = rows[:limit]
    return [_store_view(row) for row in page], seal("stores", page[-1]["store_id"]) if len(rows) > limit else None


def overview(tables: Tables) -> OverviewView:
    """The whole ledger in a few numbers."""
    (numbers,) = tables.select("overview")
    return OverviewView(**numbers, progress={row["upstream"]: row["position"] for row in tables.progress()})


def _entries(
    tables: Tables, store_id: str, wanted: Wanted, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    rows = tables.select(
        "timeline",
        store_id=store_id,
        before=place_of("entries", cursor),
        types=None if wanted.types is None else _types(wanted.types),
        without=_types(wanted.without),
        to=wanted.before,
        item=wanted.item,
        limit=limit + 1,
        **{"from": wanted.after},
    )
    return rows[:limit], seal("entries", rows[limit - 1]["seq"]) if len(rows) > limit else None


def _types(names: Iterable[str]) -> list[str]:
    """The CloudEvents types of some event names; a whole type stands for itself."""
    wanted = set(names)
    return sorted(wanted | {event_type for event_type, model in REGISTRY.items() if model.event_name() in wanted})


def _store_view(row: dict[str, Any]) -> StoreView:
    known = {name: row[name] for name in StoreView.model_fields if name in row}
    return StoreView(**known | {"entries": row["seq"], "hash": row["hash"].hex(), "paused": bool(row["paused"])})
