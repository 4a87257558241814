"""Items, what a shopper saw of them, and rivals' offers of one store out of its history; of most the last counts."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

import msgspec

from thaman_contracts.events.onboarding import CatalogObserved
from thaman_contracts.events.optimizer import Offer, OffersObserved
from thaman_kit.application import UnitOfWork
from thaman_kit.database import load_queries
from thaman_kit.packing import columns, packed
from thaman_kit.plain import Fields, Reader
from thaman_kit.plain_sights import SeenItem, Sight
from thaman_optimizer.adapters.projection import offer_row
from thaman_optimizer.adapters.sql import queries
from thaman_optimizer.consumers import is_stocked, item_row

_bulk = partial(load_queries, "thaman_optimizer", "adapters/bulk/bulk.sql")
_PRICE, _STOCKED = ({day: f"{kind}{day}" for day in range(1, 8)} for kind in "ps")
"""Columns by the day of the week."""
_KEPT = ("unreachable", "refused")
"""Readings that do not wipe out a price that may be fresh; as upsert_offer says."""


class Items:
    """Items of one store as sights and our writes leave them. :meth:`flush` puts them into a unit and forgets them; it
    has to come before any other statement about items."""

    def __init__(self, store_id: str) -> None:
        self._store_id = store_id
        self._seen: dict[str, tuple[CatalogObserved, SeenItem]] = {}
        self._baselines: dict[str, int] = {}
        self._shown: dict[str, tuple[int, int]] = {}
        self._weeks: dict[tuple[str, date], dict[str, Any]] = {}

    def see(self, sight: Sight) -> None:
        """A sight of items."""
        day = _day(sight.occurred_at)
        monday, price, stocked = (
            day - timedelta(days=day.weekday()),
            _PRICE[day.isoweekday()],
            _STOCKED[day.isoweekday()],
        )
        event = sight.event(self._store_id)  # kept without the other items
        for item in sight.seen:
            key = item.key
            self._seen[key] = event, item
            self._shown.pop(key, None)
            if key not in self._baselines and (baseline := _row_of(event, item)["baseline"]) is not None:
                self._baselines[key] = baseline
            if not item.has_variants:
                week = self._week(key, monday)
                week[price], week[stocked] = item.shelf_price, is_stocked(item)

    def write(self, key: str, base_price: int, shelf_price: int, at: datetime) -> None:
        """A price that we wrote and read back."""
        self._shown[key] = base_price, shelf_price
        day = _day(at)
        self._week(key, day - timedelta(days=day.weekday()))[_PRICE[day.isoweekday()]] = shelf_price

    def flush(self, unit: UnitOfWork) -> None:
        """Put all items into the unit."""
        rows = [self._row(key) for key in sorted(self._seen)]
        if rows:
            statement = queries()["upsert_items"]
            unit.execute(statement, columns(statement, rows))
        others = sorted(self._shown.keys() - self._seen.keys())
        if others:
            prices = [self._shown[key] for key in others]
            base, shelf = ([price[place] for price in prices] for place in (0, 1))
            found = {"item_key": others, "base_price": base, "shelf_price": shelf}
            unit.execute(_bulk()["items_shown"], packed(_bulk()["items_shown"], found) | {"store_id": self._store_id})
        self._seen.clear()
        self._shown.clear()

    def flush_weeks(self, unit: UnitOfWork) -> None:
        """Put what a shopper saw into the unit."""
        if self._weeks:
            statement = _bulk()["weeks_told"]
            unit.execute(statement, columns(statement, list(self._weeks.values())) | {"store_id": self._store_id})
            self._weeks.clear()

    def _row(self, key: str) -> dict[str, Any]:
        row = _row_of(*self._seen[key]) | {"baseline": self._baselines.get(key)}
        if key in self._shown:
            row["base_price"], row["shelf_price"] = self._shown[key]
        return row

    def _week(self, key: str, week: date) -> dict[str, Any]:
        found = self._weeks.get((key, week))
        if found is None:
            days = dict.fromkeys((*_PRICE.values(), *_STOCKED.values()))
            found = self._weeks[key, week] = {"item_key": key, "week": week} | days
        return found


def _row_of(event: CatalogObserved, item: SeenItem) -> dict[str, Any]:
    return item_row(event, item.whole())


Link = tuple[str, str | None, str]


class Read(Fields):
    """What a run read of rivals; each offer is read for what it is about, and whole only if it is a link's last."""

    run_id: UUID
    offers: list[msgspec.Raw]


class _Offer(Fields, kw_only=True):
    product_id: str
    variant_id: str | None = None
    url: str
    fitness: str


OFFERS = OffersObserved.event_type()
read_offers = Reader(OFFERS, Read).read
_about = msgspec.json.Decoder(_Offer).decode


class Offers:
    """The latest reading of each of one store's links."""

    def __init__(self, store_id: str) -> None:
        self._store_id = store_id
        self._latest: dict[Link, tuple[bytes, UUID, str]] = {}

    def read(self, said: Read) -> None:
        """What an ``OffersObserved`` says."""
        run_id, latest = said.run_id, self._latest
        for offer in said.offers:
            about = _about(offer)
            link, fitness = (about.product_id, about.variant_id, about.url), about.fitness
            if fitness in _KEPT and link in latest and latest[link][2] == "usable":
                continue
            latest[link] = bytes(offer), run_id, fitness

    def flush(self, unit: UnitOfWork) -> None:
        """Put all offers into the unit."""
        if self._latest:
            statement = queries()["upsert_offer"]
            rows = [
                offer_row(self._store_id, run_id, Offer.model_validate_json(offer))
                for offer, run_id, _ in self._latest.values()
            ]
            unit.execute(statement, columns(statement, rows))
            self._latest.clear()


@lru_cache(maxsize=10_000)
def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
