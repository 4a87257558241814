"""Sale prices as the record saw them on the shop: from when to when, against which base price. Pure.

Thaman sets base prices only; a sale price is the merchant's, and is known from looks at the catalogue alone. It is
dated when it was noticed. A base price that is written or edited while a sale runs makes another discount of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from thaman_audit.domain.handover.record import Recorded
from thaman_contracts.events.onboarding import (
    CatalogItem,
    CatalogItemsRemoved,
    CatalogObserved,
    ManualEditDetected,
    PriceApplied,
)

KINDS = (CatalogObserved, CatalogItemsRemoved, ManualEditDetected, PriceApplied)
"""The events that this is worked out from."""


@dataclass(frozen=True, slots=True)
class BaseWrite:
    """A base price that Thaman wrote while a sale ran."""

    decision_id: UUID
    at: datetime
    base_price: int


@dataclass(slots=True)
class Sale:
    """One sale price of one item against one base price (halalas, the store's VAT basis), up to before ``until``.

    ``until`` is ``None`` while it runs; ``by`` is the entry that says it.
    """

    item: str
    name: str
    category: str | None
    since: datetime
    until: datetime | None
    base_price: int
    sale_price: int
    by: Recorded
    writes: list[BaseWrite] = field(default_factory=list)

    @property
    def discount_bp(self) -> int | None:
        """The discount in basis points of the base price, rounded down; ``None`` where there is none to speak of."""
        off = self.base_price - self.sale_price
        return off * 10_000 // self.base_price if off > 0 else None


def sales_of(item: str, rows: Iterable[Recorded]) -> list[Sale]:
    """The sale prices of an item, from entries about it in the chain's order."""
    found: list[Sale] = []
    running: Sale | None = None
    latest: datetime | None = None
    for row in rows:
        # The chain's order counts: a look that began before a write and was recorded after it speaks of after it.
        latest = row.event.occurred_at if latest is None else max(latest, row.event.occurred_at)
        following = _after(running, item, row, latest)
        if following is not running:
            if running is not None:
                running.until = latest
            if following is not None:
                found.append(following)
            running = following
        if running is not None and isinstance(row.event, PriceApplied):
            running.writes.append(BaseWrite(row.event.decision_id, latest, row.event.base_price))
    return [one for one in found if one.until is None or one.until > one.since or one.writes]


def _after(running: Sale | None, item: str, row: Recorded, at: datetime) -> Sale | None:
    """The sale that runs after an entry; the same object where nothing changed."""
    match row.event:
        case CatalogObserved() as event:
            seen = next((one for one in event.items if one.key == item and not one.has_variants), None)
            return running if seen is None else _seen(running, seen, row, at)
        case PriceApplied() as event if running is not None:
            return _rebased(running, event.base_price, row, at)
        case ManualEditDetected() as event if running is not None:
            return _rebased(running, event.found_base_price, row, at)
        case CatalogItemsRemoved() as event if item in event.keys:
            return None
    return running


def _seen(running: Sale | None, seen: CatalogItem, row: Recorded, at: datetime) -> Sale | None:
    if not seen.sale_running or seen.sale_price is None:
        return None
    if running is not None and (running.base_price, running.sale_price) == (seen.base_price, seen.sale_price):
        return running
    return Sale(seen.key, seen.name, seen.category, at, None, seen.base_price, seen.sale_price, row)


def _rebased(running: Sale, base_price: int, row: Recorded, at: datetime) -> Sale:
    if running.base_price == base_price:
        return running
    return Sale(running.item, running.name, running.category, at, None, base_price, running.sale_price, row)


def items_on_sale(rows: Iterable[Recorded]) -> Iterator[str]:
    """The items that the entries show with a running sale, each once."""
    told = set[str]()
    for row in rows:
        if isinstance(row.event, CatalogObserved):
            for one in row.event.items:
                if one.sale_running and not one.has_variants and one.key not in told:
                    told.add(one.key)
                    yield one.key
