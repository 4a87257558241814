"""What Salla shows now for the items of a batch, with as few calls as are correct.

A few products are asked for one by one; from the number on at which listing the whole catalogue costs less, it is
listed, 60 products a call. Either way every item's present price was read after the batch was taken up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from thaman_contracts.ids import split_item_key
from thaman_onboarding.adapters.catalogue_store import StoreView
from thaman_onboarding.adapters.salla_api import PER_PAGE, Page, SallaApi
from thaman_onboarding.adapters.salla_errors import SallaGone
from thaman_onboarding.adapters.salla_shapes import Product
from thaman_onboarding.domain.catalogue import SeenItem
from thaman_onboarding.errors import SallaMalformed
from thaman_onboarding.observation.catalogue import sight_of


@dataclass(slots=True)
class Reading:
    """Items as Salla shows them; ``unreadable`` are products about which nothing can be said."""

    items: dict[str, SeenItem] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)

    def base_price(self, key: str) -> int | None:
        """The base price shown, or ``None`` when the item is not there."""
        seen = self.items.get(key)
        return None if seen is None else seen.item.base_price

    def product_of(self, key: str) -> SeenItem:
        """The product that an item belongs to, as it was read."""
        return self.items[split_item_key(key)[0]]

    def is_readable(self, key: str) -> bool:
        """Whether anything can be said about the item."""
        return split_item_key(key)[0] not in self.unreadable


class PriceReader:
    """Reads the present prices of some items."""

    def __init__(self, api: SallaApi) -> None:
        self._api = api

    async def read(self, store: StoreView, keys: Sequence[str], catalogue_size: int) -> Reading:
        """Read these items' products; ``catalogue_size`` is the number of products the store is known to have."""
        products = sorted({split_item_key(key)[0] for key in keys})
        reading = Reading()
        pages = max(-(-catalogue_size // PER_PAGE), 1)
        if len(products) > pages:
            await self._list(store, set(products), reading)
            products = [one for one in products if one not in reading.items and one not in reading.unreadable]
        for product in products:  # a list may skip what moved between its pages, so what is missing is asked for
            await self._one(store, product, reading)
        return reading

    async def _list(self, store: StoreView, wanted: set[str], reading: Reading) -> None:
        page, pages, missing = 1, 1, set(wanted)
        while page <= pages and missing:
            answer = await self._api.product_page(store.store_id, page, wanted)
            pages = answer.pages
            self._take(store, answer.rows, reading, {bad.id for bad in answer.unreadable})
            missing -= {one.id for one in answer.rows}
            page += 1

    async def _one(self, store: StoreView, product_id: str, reading: Reading) -> None:
        try:
            product = await self._api.product(store.store_id, product_id)
        except SallaGone:
            return
        except SallaMalformed:
            reading.unreadable.add(product_id)
            return
        self._take(store, (product,), reading, set())

    def _take(self, store: StoreView, rows: tuple[Product, ...], reading: Reading, unreadable: set[str]) -> None:
        sight = sight_of(Page(rows, 1), store)
        reading.items |= {one.key: one for one in sight.items}
        reading.unreadable |= unreadable | {product for product, _ in sight.unreadable}
