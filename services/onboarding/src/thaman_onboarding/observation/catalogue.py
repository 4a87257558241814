"""Looking at a store's catalogue: whole sweeps, and single products that a webhook spoke of.

A page is compared with what is known and only differences are published. Paging by number over a changing list can
skip products, so a product missing from a sweep is asked for by its id before it is said to be gone.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from thaman_contracts.events.onboarding import ItemStatus, ObservationSource
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_kit.errors import Conflict, EffectRefused, JobLost
from thaman_kit.jobs import RetryLater
from thaman_onboarding.adapters import salla_measures as measures
from thaman_onboarding.adapters.breaker_store import swept
from thaman_onboarding.adapters.catalogue_store import (
    CatalogueStore,
    StoreView,
    drop_hints,
    expect_unwritten,
    keep_items,
    note_readability,
    remove_items,
)
from thaman_onboarding.adapters.salla_api import Page, SallaApi, Unreadable
from thaman_onboarding.adapters.salla_errors import SallaGone
from thaman_onboarding.adapters.salla_shapes import Product
from thaman_onboarding.application.breaker import tell, watch
from thaman_onboarding.domain.breaker import InHand, Trip, moves_of
from thaman_onboarding.domain.catalogue import Observation, SeenItem, difference
from thaman_onboarding.errors import SallaMalformed
from thaman_onboarding.observation.mapping import seen_items
from thaman_onboarding.observation.patience import patiently

logger = logging.getLogger(__name__)

HINTS_AT_ONCE = 30
"""More products than this are looked at by a sweep, which costs one call per 60 products."""

WRITER_BUSY_SECONDS = 1.0
TRIES = 5
T = TypeVar("T")
Effects = Callable[[UnitOfWork], None]


@dataclass(slots=True)
class Look:
    """What a reading has seen so far. ``versions`` is each item's write version when it began."""

    versions: Mapping[str, int]
    keys: set[str] = field(default_factory=set)
    products: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)
    """Products that the writer had in hand."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Items that were read, and products that could not be."""

    items: tuple[SeenItem, ...]
    unreadable: tuple[tuple[str, str], ...] = ()

    @property
    def living(self) -> list[SeenItem]:
        """The items that are not marked as deleted."""
        return [one for one in self.items if one.item.status is not ItemStatus.DELETED]

    @property
    def products(self) -> set[str]:
        """The products read."""
        return {one.item.product_id for one in self.items}


class CatalogueObserver:
    """Reads catalogues and records what changed."""

    def __init__(self, application: EventSourcedApplication, api: SallaApi, clock: Clock) -> None:
        self._application = application
        self._store = CatalogueStore(application.database)
        self._api = api
        self._clock = clock

    async def sweep(self, store: StoreView, finish: Effects) -> None:
        """Read the whole catalogue; ``finish`` runs in the transaction of the sweep's last event."""
        began = await asyncio.to_thread(self._store.now)
        hints = await asyncio.to_thread(self._store.hints, store.store_id)
        before = await asyncio.to_thread(self._store.versions, store.store_id)
        observation = self._observation(store, ObservationSource.SWEEP)
        look = Look({key: version for key, (_, version, _) in before.items()})
        page, pages = 1, 1
        while page <= pages:
            answer = await patiently(partial(self._api.product_page, store.store_id, page))
            pages = answer.pages
            await self._keep(store, observation, look, sight_of(answer, store))
            page += 1
        gone = await self._gone(store, observation, look, before)

        def end(uow: UnitOfWork) -> None:
            if hints:
                drop_hints(uow, store.store_id, max(number for _, number in hints))
            swept(uow, store.store_id, began)
            finish(uow)

        await asyncio.to_thread(self._end, store, observation, gone, end)

    async def follow_hints(self, store: StoreView, finish: Effects) -> None:
        """Look at the products that webhooks spoke of."""
        hints = await asyncio.to_thread(self._store.hints, store.store_id)
        if len(hints) > HINTS_AT_ONCE:
            await self.sweep(store, finish)
            return
        products = [product for product, _ in hints]
        before = await asyncio.to_thread(self._store.known_of_products, store.store_id, products)
        observation = self._observation(store, ObservationSource.WEBHOOK)
        look = Look({key: one.write_version for key, one in before.items()})
        for product in products:
            await self._look_at(store, observation, look, product)
        living = {key: (one.item.product_id, one.write_version, one.removed) for key, one in before.items()}
        gone = _missing(look, living, confirmed=set(products))
        products = [product for product in products if product not in look.left_out]

        def end(uow: UnitOfWork) -> None:
            if gone:
                uow.record(observation.removed(gone))
                remove_items(uow, store.store_id, gone)
            if hints:
                drop_hints(uow, store.store_id, max(number for _, number in hints), products)
            if not look.left_out:
                finish(uow)

        await asyncio.to_thread(self._commit, observation, end)
        if look.left_out:
            raise RetryLater(WRITER_BUSY_SECONDS, "the writer has some of the products in hand")

    async def _look_at(self, store: StoreView, observation: Observation, look: Look, product_id: str) -> None:
        try:
            product = await patiently(partial(self._api.product, store.store_id, product_id))
        except SallaGone:
            return
        except SallaMalformed as error:
            await self._keep(store, observation, look, Sight((), ((product_id, str(error)),)))
            return
        await self._keep(store, observation, look, sight_of(Page((product,), 1), store))

    async def _gone(
        self, store: StoreView, observation: Observation, look: Look, before: Mapping[str, tuple[str, int, bool]]
    ) -> set[str]:
        """Items that Salla no longer has; missing products are asked for one by one to be sure."""
        missing = {product for product, _, removed in before.values() if not removed}
        missing -= look.products | look.unreadable
        for product in sorted(missing):
            await self._look_at(store, observation, look, product)
        return _missing(look, before, confirmed=missing | look.products)

    async def _keep(self, store: StoreView, observation: Observation, look: Look, sight: Sight) -> None:
        look.keys |= {one.key for one in sight.living}
        look.products |= sight.products
        look.unreadable |= {product for product, _ in sight.unreadable}
        for product, reason in sight.unreadable:
            measures.UNREADABLE.inc()
            logger.warning("store %s: product %s cannot be read: %s", store.store_id, product, reason)
        await asyncio.to_thread(self._record, store, observation, look, sight)

    def _record(self, store: StoreView, observation: Observation, look: Look, sight: Sight) -> None:
        """Store one page's differences. What begins, ends or stops meanwhile makes it compare again."""
        for attempt in range(1, TRIES + 1):
            version = observation.version
            try:
                trip = self._commit(observation, partial(self._differences, store, observation, look, sight))
            except JobLost:
                raise
            except (EffectRefused, Conflict):
                observation.version = version
                if attempt == TRIES:
                    raise
            else:
                tell(store.store_id, trip)
                return

    def _differences(
        self, store: StoreView, observation: Observation, look: Look, sight: Sight, uow: UnitOfWork
    ) -> Trip | None:
        seen = sight.living
        known = self._store.known(store.store_id, [one.key for one in seen])
        found = difference(seen, known, look.versions)
        look.left_out |= {known[key].item.product_id for key in found.left_out}
        hand = InHand(
            edited=frozenset(before.item.key for before, _ in found.edits),
            moves=moves_of(found.changed, known),
        )
        is_sweep = observation.source is ObservationSource.SWEEP
        trip = watch(uow, store.store_id, hand, observation.at, sweep=is_sweep)
        touched = {one.key for one in found.changed}
        expect_unwritten(uow, store.store_id, {key: one for key, one in known.items() if key in touched})
        keep_items(uow, store.store_id, found.changed)
        for event in observation.items(found.changed):
            uow.record(event)
        for before, now in found.edits:
            measures.EDITS.labels(observation.source.value).inc()
            uow.record(observation.edit(before, now.item.base_price, observation.source.value))
        if sight.unreadable:
            note_readability(uow, store.store_id, sight.products, sight.unreadable)
        return trip

    def _end(self, store: StoreView, observation: Observation, gone: set[str], finish: Effects) -> None:
        def end(uow: UnitOfWork) -> None:
            if gone:
                uow.record(observation.removed(gone))
                remove_items(uow, store.store_id, gone)
            for event in observation.items((), last_page=True):
                uow.record(event)
            finish(uow)

        self._commit(observation, end)

    def _commit(self, observation: Observation, fill: Callable[[UnitOfWork], T]) -> T:
        """Store what ``fill`` puts into a unit; gives what it returns."""
        observation.at = self._clock.now()
        uow = self._application.unit_of_work()
        filled = fill(uow)
        uow.commit()
        return filled

    def _observation(self, store: StoreView, source: ObservationSource) -> Observation:
        basis = store.basis
        return Observation(store.store_id, source, basis.prices_include_vat, basis.vat_bp, self._clock.now())


def sight_of(page: Page[Product], store: StoreView) -> Sight:
    """The items of a page; an item named twice counts once."""
    items: dict[str, SeenItem] = {}
    unreadable = [(bad.id, bad.reason) for bad in page.unreadable if bad.id.isdigit()]
    for product in page.rows:
        try:
            items |= {one.key: one for one in seen_items(product, store.basis, product.currency or store.currency)}
        except (SallaMalformed, ValueError) as error:
            unreadable.append((product.id, str(error)))
    return Sight(tuple(items.values()), tuple(unreadable))


def _missing(look: Look, before: Mapping[str, tuple[str, int, bool]], confirmed: Iterable[str]) -> set[str]:
    """Known items of confirmed products that were not seen; nothing is said of a product that could not be read."""
    sure = set(confirmed) - look.unreadable
    return {
        key for key, (product, _, removed) in before.items() if not removed and product in sure and key not in look.keys
    }


__all__ = ["HINTS_AT_ONCE", "CatalogueObserver", "Sight", "Unreadable", "sight_of"]
