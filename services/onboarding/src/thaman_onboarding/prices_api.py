"""Prices over HTTP: what is known of a store's items, and what Salla shows at this moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from thaman_contracts.events.onboarding import CatalogItem
from thaman_contracts.money import Halalas
from thaman_kit.application import EventSourcedApplication
from thaman_kit.auth import Principal, require_store
from thaman_kit.problems import Fault, unprocessable
from thaman_onboarding.adapters.catalogue_store import CatalogueStore, StoreView
from thaman_onboarding.adapters.rate_budget import RateBudget
from thaman_onboarding.adapters.salla_api import Page, SallaApi, Tokens, Unreadable
from thaman_onboarding.adapters.salla_errors import SallaGone
from thaman_onboarding.adapters.salla_shapes import Product
from thaman_onboarding.domain.catalogue import KnownItem
from thaman_onboarding.errors import NotConnected, SallaMalformed
from thaman_onboarding.observation.catalogue import sight_of
from thaman_onboarding.settings import Settings

router = APIRouter(tags=["prices"])

Caller = Annotated[Principal, Depends(require_store)]


class ItemPrice(BaseModel):
    """One item's prices in halalas; base prices are in the store's own VAT basis, the shelf price has VAT."""

    key: str
    product_id: str
    variant_id: str | None
    base_price: Halalas
    shelf_price: Halalas
    sale_running: bool
    known_base_price: Halalas | None = Field(description="As we saw or wrote it last; absent if never seen.")
    last_written_price: Halalas | None = Field(description="The base price we wrote last, if we ever did.")
    writing: bool = Field(description="Whether a write of ours is under way.")


class PricePage(BaseModel):
    """Some items, and where the next ones begin."""

    items: list[ItemPrice]
    next: str | None
    unreadable: list[str] = Field(
        default=[], description="Live only: products of the page that Salla sent in a form we cannot read."
    )


class PriceViews:
    """Answers the questions of this module."""

    def __init__(self, store: CatalogueStore, tokens: Tokens, api_url: str, timeout_seconds: float) -> None:
        self._store = store
        self._budget = RateBudget()
        self._connect = partial(
            SallaApi.connect, api_url, tokens, self._budget, timeout_seconds=timeout_seconds, connections=1
        )

    def stored(self, store_id: str, after: str, limit: int) -> PricePage:
        """Items as known, by key."""
        rows = self._store.stored_page(store_id, after, limit + 1)
        items = [_priced(one.item, one) for one in rows[:limit]]
        return PricePage(items=items, next=items[-1].key if len(rows) > limit else None)

    async def live(self, store_id: str, page: int) -> PricePage:
        """One page of the catalogue as Salla shows it now, beside what we know of it.

        Raises:
            NotConnected: the store cannot be read.
            SallaError: Salla gave no clear answer.
        """
        store = await self._readable(store_id)
        async with self._salla() as api:
            answer = await api.product_page(store_id, page)
        return await self._page(store, answer, str(page + 1) if page < answer.pages else None)

    async def live_product(self, store_id: str, product_id: str) -> PricePage:
        """One product's items as Salla shows them now; none when it is gone. Errors as above."""
        store = await self._readable(store_id)
        async with self._salla() as api:
            try:
                answer = Page((await api.product(store_id, product_id),), 1)
            except SallaGone:
                answer = Page((), 1)
            except SallaMalformed as error:
                answer = Page((), 1, (Unreadable(product_id, str(error)),))
        return await self._page(store, answer, None)

    async def _page(self, store: StoreView, answer: Page[Product], following: str | None) -> PricePage:
        sight = sight_of(answer, store)
        seen = [one for one in sight.living if not one.item.has_variants]
        known = await asyncio.to_thread(self._store.known, store.store_id, [one.key for one in seen])
        items = [_priced(one.item, known.get(one.key)) for one in seen]
        return PricePage(items=items, next=following, unreadable=[product for product, _ in sight.unreadable])

    async def _readable(self, store_id: str) -> StoreView:
        store = await asyncio.to_thread(self._store.store, store_id)
        if store is None or not store.connected:
            raise NotConnected("prices of a store that is not connected cannot be read")
        return store

    @asynccontextmanager
    async def _salla(self) -> AsyncIterator[SallaApi]:
        api = self._connect()
        try:
            yield api
        finally:
            await api.close()


def _priced(item: CatalogItem, known: KnownItem | None) -> ItemPrice:
    return ItemPrice(
        key=item.key,
        product_id=item.product_id,
        variant_id=item.variant_id,
        base_price=item.base_price,
        shelf_price=item.shelf_price,
        sale_running=item.sale_running,
        known_base_price=None if known is None else known.base_price,
        last_written_price=None if known is None else known.last_written,
        writing=known is not None and known.writing is not None,
    )


class Container(Protocol):
    """The part of the service's container that is needed here."""

    @property
    def app(self) -> EventSourcedApplication:
        """The event store and its database."""
        ...

    @property
    def tokens(self) -> Tokens:
        """Access tokens for coroutines."""
        ...

    @property
    def settings(self) -> Settings:
        """How the service is configured."""
        ...


def _views(request: Request) -> PriceViews:
    """The answers to this module's questions, made once for each application."""
    state = request.app.state
    if not hasattr(state, "price_views"):
        container: Container = state.container
        settings = container.settings
        state.price_views = PriceViews(
            CatalogueStore(container.app.database),
            container.tokens,
            settings.salla_api_url,
            settings.salla_timeout_seconds,
        )
    views: PriceViews = state.price_views
    return views


@router.get("/stores/{store_id}/prices", summary="Prices of a store's items")
async def prices(
    store_id: str,
    caller: Caller,
    views: Annotated[PriceViews, Depends(_views)],
    *,
    live: Annotated[bool, Query(description="Ask Salla now; a page then holds up to 60 products.")] = False,
    after: Annotated[str, Query(max_length=60, description="`next` of the page before.")] = "",
    product: Annotated[str | None, Query(pattern=r"^[0-9]{1,30}$", description="With `live`: only this one.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 100,
) -> PricePage:
    """Priced items as known, or as Salla shows them at this moment."""
    if product is not None and not live:
        fault = Fault("goes with `live` only", "invalid_value", parameter="product")
        raise unprocessable("invalid_request", "`product` is of a live reading.", "Add `live=true`.", [fault])
    if product is not None:
        return await views.live_product(store_id, product)
    if not live:
        return await asyncio.to_thread(views.stored, store_id, after, limit)
    if after and not (after.isascii() and after.isdigit() and 0 < int(after) < 100_000):
        fault = Fault("is not the `next` of a live page", "invalid_value", parameter="after")
        raise unprocessable("invalid_request", "`after` is wrong.", "Send the `next` of the page before.", [fault])
    return await views.live(store_id, int(after or 1))
