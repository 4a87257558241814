"""What is known about a store's catalogue and sales: the stored events, and how a new look compares with the last.

The events belong to no aggregate. An *observation* (a sweep, a webhook's follow-up, the writer's read) has an id of
its own and numbers its events from 1; an order's events are numbered per order.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from thaman_contracts.events import UtcDatetime
from thaman_contracts.events import onboarding as contracts
from thaman_kit.domain import DomainEvent

PAGE = 60
"""Most items that one published event carries."""


class CatalogObserved(DomainEvent, contracts.CatalogObserved, topic="catalogue.Observed"):
    """Items that look different from the last time, and the marker of a sweep's end.

    ``untaxed`` are the keys of those to which VAT does not apply; only the writer needs to know.
    """

    untaxed: tuple[str, ...] = ()

    def seen(self) -> "tuple[SeenItem, ...]":
        """The items with their taxability."""
        return tuple(self.seen_as(item) for item in self.items)

    def seen_as(self, item: contracts.CatalogItem) -> "SeenItem":
        """One of the items with its taxability."""
        return SeenItem(item, item.key not in self.untaxed)


class CatalogItemsRemoved(DomainEvent, contracts.CatalogItemsRemoved, topic="catalogue.ItemsRemoved"):
    """Items that Salla said it no longer has."""


class SalesObserved(DomainEvent, contracts.SalesObserved, topic="sales.Observed"):
    """The present state of one order.

    ``refunded`` says that it is no demand for good, ``told_at`` is Salla's time of the news; private, they decide what
    later news may change.
    """

    refunded: bool = False
    told_at: UtcDatetime | None = None


class ManualEditDetected(DomainEvent, contracts.ManualEditDetected, topic="catalogue.ManualEditDetected"):
    """Somebody changed a base price by hand."""


@dataclass(frozen=True)
class SeenItem:
    """One item as Salla showed it just now; ``taxable`` says whether VAT applies to it."""

    item: contracts.CatalogItem
    taxable: bool = True

    @property
    def key(self) -> str:
        """The item's key."""
        return self.item.key

    @cached_property
    def digest(self) -> str:
        """Equal for equal contents."""
        content = json.dumps([self.item.model_dump(mode="json"), self.taxable], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class KnownItem:
    """One item as our read model has it.

    ``last_written`` is the base price we wrote last; ``write_version`` rises whenever a write of ours begins or
    ends; ``writing`` is the base price of one that has begun and is not settled.
    """

    item: contracts.CatalogItem
    taxable: bool
    digest: str
    last_written: int | None
    write_version: int
    removed: bool = False
    writing: int | None = None

    @property
    def base_price(self) -> int:
        """The base price seen last, halalas."""
        return self.item.base_price

    def edited_by_hand(self, found: int) -> bool:
        """Whether a base price seen now is neither what we last saw nor what we last wrote."""
        return not self.removed and found not in (self.base_price, self.last_written)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a look at some items brought: those that changed, hand edits among them as ``(known, found)``, and the
    keys of those that the writer has in hand."""

    changed: tuple[SeenItem, ...] = ()
    edits: tuple[tuple[KnownItem, SeenItem], ...] = ()
    left_out: frozenset[str] = frozenset()


def difference(seen: Iterable[SeenItem], known: Mapping[str, KnownItem], versions: Mapping[str, int]) -> Difference:
    """Compare what Salla showed with what we knew.

    An item that we are writing, or wrote after the look began (``versions`` holds each item's write version of that
    moment), is left out: what was seen may be from before the write, and the writer reads the item back itself.
    """
    changed: list[SeenItem] = []
    edits: list[tuple[KnownItem, SeenItem]] = []
    left_out: set[str] = set()
    for one in seen:
        before = known.get(one.key)
        if before is None:
            changed.append(one)
            continue
        if before.writing is not None or versions.get(one.key, 0) != before.write_version:
            left_out.add(one.key)
            continue
        if before.removed or before.digest != one.digest:
            changed.append(one)
        if before.edited_by_hand(one.item.base_price) and not one.item.has_variants:
            edits.append((before, one))
    return Difference(tuple(changed), tuple(edits), frozenset(left_out))


@dataclass(slots=True)
class Observation:
    """Builds the events of one look at a store, numbered from 1."""

    store_id: str
    source: contracts.ObservationSource
    prices_include_vat: bool
    vat_bp: int
    at: datetime
    id: UUID = field(default_factory=uuid4)
    version: int = 0

    def items(self, seen: Iterable[SeenItem], *, last_page: bool = False) -> Iterator[DomainEvent]:
        """The changed items, at most :data:`PAGE` an event; the end of a sweep is marked even if nothing changed."""
        rest = list(seen)
        while rest or last_page:
            page, rest = rest[:PAGE], rest[PAGE:]
            yield CatalogObserved(
                **self._common(),
                sweep_id=self.id if self.source is contracts.ObservationSource.SWEEP else None,
                source=self.source,
                last_page=last_page and not rest,
                prices_include_vat=self.prices_include_vat,
                vat_bp=self.vat_bp,
                items=tuple(one.item for one in page),
                untaxed=tuple(one.key for one in page if not one.taxable),
            )
            if not rest:
                return

    def edit(self, known: KnownItem, found: int, found_by: str) -> DomainEvent:
        """A hand edit; ``found`` is the base price now in Salla."""
        return ManualEditDetected(
            **self._common(),
            product_id=known.item.product_id,
            variant_id=known.item.variant_id,
            expected_base_price=known.base_price,
            found_base_price=found,
            found_by=found_by,
        )

    def removed(self, keys: Iterable[str]) -> DomainEvent:
        """Items that are gone."""
        return CatalogItemsRemoved(**self._common(), keys=tuple(sorted(keys)))

    def _common(self) -> dict[str, Any]:
        self.version += 1
        return {
            "originator_id": self.id,
            "originator_version": self.version,
            "store_id": self.store_id,
            "occurred_at": self.at,
        }
