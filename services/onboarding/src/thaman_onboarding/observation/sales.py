"""Sweeping a store's orders: what webhooks missed, and the history before the first of them."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from thaman_contracts.events.onboarding import ObservationSource, OrderLine
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_onboarding.adapters.catalogue_store import CatalogueStore, StoreView, orders_swept
from thaman_onboarding.adapters.salla_api import SallaApi
from thaman_onboarding.adapters.salla_errors import SallaGone
from thaman_onboarding.adapters.salla_shapes import RIYADH, OrderHead
from thaman_onboarding.domain.sales import OrderView, order_state
from thaman_onboarding.observation.orders import OrderBook, head_digest, line_of
from thaman_onboarding.observation.patience import patiently

logger = logging.getLogger(__name__)

HISTORY = timedelta(days=90)
"""How far back the first sweep reads; each order costs one call."""
LOOK_BACK = timedelta(days=30)
"""Orders younger than this are listed again, because the list cannot be asked for what changed."""


class SalesObserver:
    """Reads orders and records what changed."""

    def __init__(self, application: EventSourcedApplication, api: SallaApi, clock: Clock) -> None:
        self._application = application
        self._store = CatalogueStore(application.database)
        self._book = OrderBook(self._store, clock)
        self._api = api

    async def sweep(self, store: StoreView, finish: Callable[[UnitOfWork], None]) -> None:
        """List the orders of the last weeks and read the lines of those that are new or whose total changed."""
        swept = await asyncio.to_thread(self._store.swept_at, store.store_id)
        began = await asyncio.to_thread(self._store.now)
        since = began - HISTORY if swept is None else swept - LOOK_BACK
        page, pages = 1, 1
        while page <= pages:
            call = partial(self._api.order_page, store.store_id, page, since.astimezone(RIYADH).date())
            asked = await asyncio.to_thread(self._store.now)
            answer = await patiently(call)
            pages = answer.pages
            await self._page(store, list(answer.rows), asked)
            page += 1

        def end(uow: UnitOfWork) -> None:
            orders_swept(uow, store.store_id, began)
            finish(uow)

        await asyncio.to_thread(self._application.execute, end)

    async def _page(self, store: StoreView, heads: list[OrderHead], asked: datetime) -> None:
        known = await asyncio.to_thread(self._store.orders, store.store_id, [head.id for head in heads])
        views = []
        for head in heads:
            before = known.get(head.id)
            if before is not None and before["head_digest"] == head_digest(head):
                continue
            lines = await self._lines(store.store_id, head.id) if _lines_needed(head, before) else None
            views.append(_view(head, lines, asked))
        if views:
            record = partial(self._record, store.store_id, views)
            await asyncio.to_thread(self._application.execute, record)

    async def _lines(self, store_id: str, order_id: str) -> tuple[OrderLine, ...] | None:
        try:
            items = await patiently(partial(self._api.order_items, store_id, order_id))
        except SallaGone:
            return None
        if items.unreadable:
            logger.warning("store %s: %d lines of an order cannot be read", store_id, len(items.unreadable))
        return tuple(line_of(item) for item in items.rows)

    def _record(self, store_id: str, views: list[OrderView], uow: UnitOfWork) -> None:
        self._book.record(uow, store_id, views, ObservationSource.SWEEP)


def _lines_needed(head: OrderHead, before: Mapping[str, Any] | None) -> bool:
    """Whether the lines have to be read: of a new order, or of one whose total is another.

    Lines that a webhook told are kept, for they name products and the API's do not.
    """
    if before is None:
        return True
    return before["head_digest"] is not None and json.loads(before["head_digest"])[1] != head.total


def _view(head: OrderHead, lines: tuple[OrderLine, ...] | None, told_at: datetime) -> OrderView:
    return OrderView(
        order_id=head.id,
        state=order_state(head.status.slug, pending_payment=head.is_pending_payment),
        placed_at=head.date,
        told_at=told_at,
        lines=lines,
        head_digest=head_digest(head),
    )
