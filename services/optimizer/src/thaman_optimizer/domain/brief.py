"""What a crew is shown of a run: numbers, enums and titles as data, of one store and nothing else. Pure.

Items and offers have short names that mean something in this brief alone (``i1``, ``o3``), so no answer can name
anything of another store. Costs, floors, ceilings and addresses are not shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any

from thaman_contracts.envelope import encode
from thaman_contracts.events.optimizer import OfferFitness
from thaman_contracts.ids import item_key
from thaman_optimizer.domain.facts import ItemFacts, OfferFacts, StoreFacts
from thaman_optimizer.domain.plain_text import title

MOST_ITEMS = 30
MOST_OFFERS = 12
"""Items, and offers of each, that one brief shows; its size is part of what a run costs."""

SHOWN_WEEKS = 8
"""Weeks of sales that are shown, newest last."""

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class BriefOffer:
    """One rival's offer: ``ref`` is its name here; ``url``, which is not shown, its name elsewhere."""

    ref: str
    url: str
    seller: str
    price: int
    in_stock: bool | None
    confidence_bp: int
    age_hours: int

    def shown(self) -> dict[str, Any]:
        """As JSON values, without what is not shown."""
        names = ("ref", "seller", "price", "in_stock", "confidence_bp", "age_hours")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class BriefItem:
    """One item: ``ref`` is its name here; its ids are not shown. Prices are with VAT in halalas, ``units`` those sold
    in each of the last weeks."""

    ref: str
    product_id: str
    variant_id: str | None
    title: str
    price: int
    stock: int | None
    units: tuple[int, ...]
    offers: tuple[BriefOffer, ...]

    def shown(self) -> dict[str, Any]:
        """As JSON values, without what is not shown."""
        shown = {name: getattr(self, name) for name in ("ref", "title", "price", "stock", "units")}
        return shown | {"offers": [offer.shown() for offer in self.offers]}


@dataclass(frozen=True)
class Brief:
    """A run's brief; ``store_id`` is for us and not shown."""

    store_id: str
    at: datetime
    currency: str
    items: tuple[BriefItem, ...]

    @cached_property
    def document(self) -> dict[str, Any]:
        """All that is shown, as JSON values."""
        return {
            "currency": self.currency,
            "today": self.at.date().isoformat(),
            "items": [item.shown() for item in self.items],
        }

    @cached_property
    def text(self) -> str:
        """The same as canonical JSON."""
        return encode(self.document).decode()

    @cached_property
    def by_ref(self) -> Mapping[str, BriefItem]:
        """The items by their names here."""
        return {item.ref: item for item in self.items}


def prompt_digest(document: Mapping[str, Any], prompt_version: str) -> str:
    """SHA-256 over the canonical JSON ``{"brief", "prompt"}`` of all that is shown and the prompt's version."""
    return sha256(encode({"brief": dict(document), "prompt": prompt_version})).hexdigest()


def brief_of(store: StoreFacts, items: Sequence[ItemFacts], titles: Mapping[str, str], now: datetime) -> Brief:
    """The brief of a store's items; ``titles`` are their names by item key.

    Shown are the items that rivals sell, those first whose offers lie furthest apart: there judgement helps most.
    """
    max_age = timedelta(minutes=store.settings.offer_max_age_minutes)
    seen = [(item, offers) for item in items if (offers := _shown_offers(item, now, max_age))]
    seen.sort(key=lambda one: (-_spread(one[0], one[1]), item_key(one[0].product_id, one[0].variant_id)))
    shown = [_item(number, item, offers, titles, now) for number, (item, offers) in enumerate(seen[:MOST_ITEMS], 1)]
    return Brief(store.store_id, now, store.currency, tuple(shown))


def _shown_offers(item: ItemFacts, now: datetime, max_age: timedelta) -> list[OfferFacts]:
    usable = [
        offer
        for offer in item.offers
        if offer.fitness is OfferFitness.USABLE and offer.price and now - offer.observed_at <= max_age
    ]
    return sorted(usable, key=lambda offer: (offer.competitor, offer.url))[:MOST_OFFERS]


def _spread(item: ItemFacts, offers: Sequence[OfferFacts]) -> int:
    """The largest of all prices to the least, the item's own among them, as a whole number of basis points."""
    prices = [item.shelf_price, *(offer.price or 0 for offer in offers)]
    known = [price for price in prices if price > 0]
    return max(known) * 10_000 // min(known)


def _item(
    number: int, item: ItemFacts, offers: Sequence[OfferFacts], titles: Mapping[str, str], now: datetime
) -> BriefItem:
    past = item.past
    key = item_key(item.product_id, item.variant_id)
    weeks = () if past is None else past.history[-SHOWN_WEEKS:]
    return BriefItem(
        ref=f"i{number}",
        product_id=item.product_id,
        variant_id=item.variant_id,
        title=title(titles.get(key, "")),
        price=item.shelf_price,
        stock=None if past is None or past.stock is None else round(past.stock),
        units=tuple(round(week.units) for week in weeks),
        offers=tuple(_offer(place, offer, now) for place, offer in enumerate(offers, 1)),
    )


def _offer(place: int, offer: OfferFacts, now: datetime) -> BriefOffer:
    return BriefOffer(
        ref=f"o{place}",
        url=offer.url,
        seller=title(offer.competitor),
        price=offer.price or 0,
        in_stock=offer.in_stock,
        confidence_bp=offer.confidence_bp,
        age_hours=max(0, (now - offer.observed_at) // _HOUR),
    )
