"""The read models as the pages ask for them."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from thaman_dashboard.adapters.searching import like
from thaman_dashboard.adapters.showing import decision_of, price_of, proposal_of, run_of, shown, store_of
from thaman_dashboard.views import (
    ActivityView,
    DecisionView,
    HeldView,
    ItemView,
    OfferPoint,
    OfferView,
    Overview,
    Page,
    Position,
    PricePoint,
    ProposalState,
    ProposalView,
    RunView,
    StoreView,
    SystemView,
)
from thaman_kit.cursors import seal, unseal
from thaman_kit.database import Database, load_queries

_queries = partial(load_queries, "thaman_dashboard", "adapters/queries.sql")

T = TypeVar("T")
Stored = dict[str, Any]
COUNTS = (
    "items", "priced", "pending", "pending_high", "held", "uncertain", "changes_24h", "changes_7d", "expected_week",
    "expected_unknown", "heard_at",
)  # fmt: skip
SORTED_BY = 100
"""Characters of a name that items are sorted by, as their index has it."""


class Reading:
    """Reads the tables that events made. Blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def system(self) -> SystemView:
        """The installation; running until an operator's settings were heard."""
        row = self._database.fetch_one(_queries()["system"])
        return SystemView() if row is None else shown(SystemView, row)

    def store(self, store_id: str) -> StoreView | None:
        """A store; ``None`` until its authorisation was heard."""
        return self._one("store", store_of, store_id=store_id)

    def overview(self, store_id: str, now: datetime) -> Overview:
        """A store's counts at ``now``."""
        counts = self._all("counts", store_id=store_id, now=now)[0]
        positions = self._all("positions", store_id=store_id, now=now)
        runs = self.runs(store_id, limit=1).items
        return Overview(
            **{name: counts[name] for name in COUNTS},
            last_run=runs[0] if runs else None,
            next_due=None,
            position=Counter({Position(row["position"]): row["count"] for row in positions}),
        )

    def proposals(
        self,
        store_id: str,
        *,
        state: ProposalState | None = None,
        risk: str | None = None,
        search: str | None = None,
        item: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[ProposalView]:
        """Proposals; those that wait for an answer by when they expire, soonest first."""
        waiting = state is ProposalState.PENDING
        query, by = ("proposals_waiting", "expires_at") if waiting else ("proposals", "proposed_at")
        at, id = unseal(query, after, datetime.fromisoformat, UUID) if after else (None, None)
        wanted = {"state": state, "risk": risk, "pattern": like(search), "item": item, "at": at, "id": id}
        rows = self._all(query, store_id=store_id, limit=limit + 1, **wanted)
        return _page(rows, limit, proposal_of, lambda row: seal(query, row[by].isoformat(), row["proposal_id"]))

    def proposal(self, store_id: str, proposal_id: UUID) -> ProposalView | None:
        """One proposal."""
        return self._one("proposal", proposal_of, store_id=store_id, proposal_id=proposal_id)

    def items(
        self,
        store_id: str,
        *,
        search: str | None = None,
        status: str | None = None,
        risk: str | None = None,
        locked: bool | None = None,
        cost: bool | None = None,
        waiting: bool | None = None,
        market: str | None = None,
        brand: str | None = None,
        category: str | None = None,
        order: str = "name",
        now: datetime | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[ItemView]:
        """Items that have a price of their own, by name."""
        wanted: dict[str, Any] = {
            "status": status,
            "risk": risk,
            "locked": locked,
            "pattern": like(search),
            "cost": cost,
        }
        wanted |= {"waiting": waiting, "market": market, "brand": like(brand), "category": like(category), "now": now}
        name = place = key = None
        kind = "items" if order == "name" else f"items.{order}"
        if after and order == "name":
            name, key = unseal(kind, after, str, str)
        elif after:
            place, key = unseal(kind, after, _number, str)
        then = "items_by_name" if order == "name" else "items_by_number"
        wanted |= {"order": order, "name": name, "place": place, "key": key}
        rows = self._all("items", then, store_id=store_id, limit=limit + 1, **wanted)

        def cursor(row: Stored) -> str:
            return seal(kind, row["name"][:SORTED_BY] if order == "name" else str(row["sorted_by"]), row["item_key"])

        return _page(rows, limit, partial(shown, ItemView), cursor)

    def item(self, store_id: str, item_key: str) -> ItemView | None:
        """One item, deleted ones too."""
        return self._one("item", partial(shown, ItemView), store_id=store_id, item_key=item_key)

    def prices(self, store_id: str, item_key: str, since: datetime) -> tuple[PricePoint, ...]:
        """The steps of an item's price from ``since`` on, oldest first, with the step that stood then before them."""
        return self._some("prices", price_of, store_id=store_id, item_key=item_key, since=since)

    def offers(self, store_id: str, item_key: str) -> tuple[OfferView, ...]:
        """What each rival's page said last, cheapest first, those without a price at the end."""
        return self._some("offers", partial(shown, OfferView), store_id=store_id, item_key=item_key)

    def offer_points(self, store_id: str, item_key: str, since: datetime) -> tuple[OfferPoint, ...]:
        """Usable prices of rivals from ``since`` on, by page and oldest first."""
        make = partial(shown, OfferPoint)
        return self._some("offer_points", make, store_id=store_id, item_key=item_key, since=since)

    def held(self, store_id: str, item_key: str) -> HeldView | None:
        """Why the latest run left the price; ``None`` where it did not."""
        return self._one("held", partial(shown, HeldView), store_id=store_id, item_key=item_key)

    def decisions(self, store_id: str, item_key: str, limit: int = 20) -> tuple[DecisionView, ...]:
        """An item's decided prices, newest first."""
        return self._some("decisions", decision_of, store_id=store_id, item_key=item_key, limit=limit)

    def decision_of(self, store_id: str, proposal_id: UUID) -> DecisionView | None:
        """The decision that a proposal became."""
        return self._one("decision_of", decision_of, store_id=store_id, proposal_id=proposal_id)

    def runs(self, store_id: str, after: str | None = None, limit: int = 20) -> Page[RunView]:
        """A store's runs, latest first."""
        at, id = unseal("runs", after, datetime.fromisoformat, UUID) if after else (None, None)
        rows = self._all("runs", store_id=store_id, at=at, id=id, limit=limit + 1)
        return _page(rows, limit, run_of, lambda row: seal("runs", row["at"].isoformat(), row["run_id"]))

    def run(self, store_id: str, run_id: UUID) -> RunView | None:
        """One run."""
        return self._one("run", run_of, store_id=store_id, run_id=run_id)

    def activity(
        self,
        store_id: str,
        *,
        kind: str | None = None,
        item: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[ActivityView]:
        """The timeline, newest first."""
        place = unseal("activity", after, datetime.fromisoformat, str, str) if after else (None, None, None)
        at, service, event_id = place
        wanted = {"kind": kind, "item": item, "at": at, "service": service, "event_id": event_id}
        rows = self._all("activity", store_id=store_id, limit=limit + 1, **wanted)
        return _page(rows, limit, partial(shown, ActivityView), _activity_cursor)

    def _all(self, query: str, *more: str, **params: Any) -> list[Stored]:
        # A text with a NUL is in no row, and PostgreSQL refuses to look for it.
        if any(isinstance(value, str) and "\0" in value for value in params.values()):
            return []
        return self._database.fetch_all("\n".join(_queries()[name] for name in (query, *more)), params)

    def _some(self, query: str, make: Callable[[Stored], T], **params: Any) -> tuple[T, ...]:
        return tuple(make(row) for row in self._all(query, **params))

    def _one(self, query: str, make: Callable[[Stored], T], **params: Any) -> T | None:
        rows = self._all(query, **params)
        return make(rows[0]) if rows else None


def _page(rows: Sequence[Stored], limit: int, make: Callable[[Stored], T], cursor: Callable[[Stored], str]) -> Page[T]:
    """A page of at most ``limit`` rows; one row more says that there is another page."""
    items = tuple(make(row) for row in rows[:limit])
    return Page(items, cursor(rows[limit - 1]) if len(rows) > limit else None)


def _number(text: str) -> int:
    """A number that PostgreSQL can hold.

    Raises:
        ValueError: it is none.
    """
    found = int(text)
    if abs(found) >= 2**63:
        raise ValueError(text)
    return found


def _activity_cursor(row: Stored) -> str:
    return seal("activity", row["at"].isoformat(), row["service"], row["event_id"])
