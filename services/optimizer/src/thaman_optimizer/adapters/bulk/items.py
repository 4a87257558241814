"""Items, what a shopper saw of them, and rivals' offers of one store out of its history; of most the last counts."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

import orjson

from thaman_contracts.events.onboarding import CatalogItem, CatalogObserved
from thaman_contracts.events.optimizer import Offer
from thaman_kit.application import UnitOfWork
from thaman_kit.database import load_queries
from thaman_kit.packing import columns, packed
from thaman_kit.plain import Said, read_around
from thaman_optimizer.adapters.projection import offer_row
from thaman_optimizer.adapters.sql import queries
from thaman_optimizer.consumers import is_stocked, item_row

_bulk = partial(load_queries, "thaman_optimizer", "adapters/bulk/bulk.sql")
_PRICE, _STOCKED = ({day: f"{kind}{day}" for day in range(1, 8)} for kind in "ps")
"""Columns by the day of the week."""
_KEPT = ("unreachable", "refused")
"""Readings that do not wipe out a price that may be fresh; as upsert_offer says."""
_LINK, _FITNESS = b'"product_id":', b'"fitness":"'
"""Fields are in the order of their names: product, page and variant are an offer's last."""


class Items:
    """Items of one store as sights and our writes leave them. :meth:`flush` puts them into a unit and forgets them; it
    has to come before any other statement about items."""

    def __init__(self, store_id: str) -> None:
        self._store = {"store_id": store_id}
        self._seen: dict[str, tuple[CatalogObserved, CatalogItem]] = {}
        self._baselines: dict[str, int] = {}
        self._shown: dict[str, tuple[int, int]] = {}
        self._weeks: dict[tuple[str, date], dict[str, Any]] = {}

    def see(self, event: CatalogObserved) -> None:
        """A sight of items."""
        day = event.occurred_at.date()
        monday, price, stocked = (
            day - timedelta(days=day.weekday()),
            _PRICE[day.isoweekday()],
            _STOCKED[day.isoweekday()],
        )
        for item in event.items:
            key = item.key
            self._seen[key] = event, item
            self._shown.pop(key, None)
            if key not in self._baselines and (baseline := item_row(event, item)["baseline"]) is not None:
                self._baselines[key] = baseline
            if not item.has_variants:
                week = self._week(key, monday)
                week[price], week[stocked] = item.shelf_price, is_stocked(item)

    def write(self, key: str, base_price: int, shelf_price: int, at: str) -> None:
        """A price that we wrote and read back, ``at`` an instant as JSON has it."""
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
            unit.execute(_bulk()["items_shown"], packed(_bulk()["items_shown"], found) | self._store)
        self._seen.clear()
        self._shown.clear()

    def flush_weeks(self, unit: UnitOfWork) -> None:
        """Put what a shopper saw into the unit."""
        if self._weeks:
            statement = _bulk()["weeks_told"]
            unit.execute(statement, columns(statement, list(self._weeks.values())) | self._store)
            self._weeks.clear()

    def _row(self, key: str) -> dict[str, Any]:
        row = item_row(*self._seen[key]) | {"baseline": self._baselines.get(key)}
        if key in self._shown:
            row["base_price"], row["shelf_price"] = self._shown[key]
        return row

    def _week(self, key: str, week: date) -> dict[str, Any]:
        found = self._weeks.get((key, week))
        if found is None:
            days = dict.fromkeys((*_PRICE.values(), *_STOCKED.values()))
            found = self._weeks[key, week] = {"item_key": key, "week": week} | days
        return found


Link = tuple[str, str | None, str]


class Offers:
    """The latest reading of each of one store's links."""

    def __init__(self, store_id: str) -> None:
        self._store_id = store_id
        self._latest: dict[Link, tuple[Said | bytes, str, str]] = {}
        self._links: dict[bytes, Link] = {}

    def read(self, said: Said) -> None:
        """The body of an ``OffersObserved``, its offers as :func:`plain_offers` leaves them."""
        run_id, latest = said["run_id"], self._latest
        for offer in said["offers"]:
            if isinstance(offer, bytes):
                link, fitness = self._link(offer[offer.rindex(_LINK) :]), _fitness(offer)
            else:
                link, fitness = _link_of(offer), offer["fitness"]
            if fitness in _KEPT and link in latest and latest[link][2] == "usable":
                continue
            latest[link] = offer, run_id, fitness

    def flush(self, unit: UnitOfWork) -> None:
        """Put all offers into the unit."""
        if self._latest:
            statement = queries()["upsert_offer"]
            rows = [
                offer_row(self._store_id, UUID(run_id), _offer(offer)) for offer, run_id, _ in self._latest.values()
            ]
            unit.execute(statement, columns(statement, rows))
            self._latest.clear()

    def _link(self, end: bytes) -> Link:
        """The link that the end of an offer names; each is read once."""
        found = self._links.get(end)
        if found is None:
            found = self._links[end] = _link_of(orjson.loads(b"{" + end))
        return found


def plain_offers(body: bytes) -> Said:
    """The plain body of an ``OffersObserved`` whose offers need not be read but for the last of each link.

    Raises:
        ValueError: it is no JSON.
    """
    return read_around(body, "offers", "competitor", "fitness")


def _link_of(offer: Said) -> Link:
    return offer["product_id"], offer.get("variant_id"), offer["url"]


def _fitness(offer: bytes) -> str:
    begin = offer.index(_FITNESS) + len(_FITNESS)
    return offer[begin : offer.index(b'"', begin)].decode()


def _offer(offer: Said | bytes) -> Offer:
    return Offer.model_validate_json(offer) if isinstance(offer, bytes) else Offer.model_validate(offer)


@lru_cache(maxsize=10_000)
def _day(instant: str) -> date:
    return datetime.fromisoformat(instant).astimezone(UTC).date()
