"""What product and order webhooks mean for what is known.

A product webhook is a hint that a product changed, not news to be believed: webhooks come late, twice and in any
order, and an old price taken for a new one would look like a hand edit. So the product is read again, unless the
webhook only echoes what is known, as those of our own writes do. Order webhooks carry what the API's lists lack (the
products), so they are recorded, ordered by Salla's own time.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from thaman_contracts.events.onboarding import ObservationSource
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_kit.domain import current_cause
from thaman_onboarding.adapters.catalogue_store import CatalogueStore, add_hint
from thaman_onboarding.adapters.salla_shapes import OrderBody, PriceNote, StatusNote
from thaman_onboarding.domain.catalogue import KnownItem
from thaman_onboarding.domain.sales import OrderView, ends_demand, order_state
from thaman_onboarding.errors import WebhookMalformed
from thaman_onboarding.observation.mapping import base_price, known_cost
from thaman_onboarding.observation.orders import OrderBook, line_of
from thaman_onboarding.webhooks import WebhookEvent

OBSERVE = "observe"
"""The queue of everything that reads Salla for what is known; one job of a store at a time."""


def observe_payload(cause: str) -> dict[str, Any]:
    """The payload of an ``observe`` job: why it is done, and what its events are caused by."""
    return {"cause": cause, "meta": current_cause().model_dump(exclude_none=True)}


class WebhookReader:
    """Takes in product and order webhooks; to be used inside the unit of work that marks them processed."""

    def __init__(self, application: EventSourcedApplication, clock: Clock) -> None:
        self._store = CatalogueStore(application.database)
        self._book = OrderBook(self._store, clock)
        self._clock = clock

    def product_event(self, uow: UnitOfWork, event: WebhookEvent) -> None:
        """A ``product.*`` event: look at the product again, unless it tells nothing new.

        Raises:
            WebhookMalformed: the event names no product.
        """
        product_id = str(event.data.get("id", ""))
        if not product_id.isascii() or not product_id.isdigit():
            raise WebhookMalformed(f"{event.name} names no product")
        known = self._store.known(event.store_id, [product_id]).get(product_id)
        if event.name == "product.price.updated" and known is not None and is_echo(event.data, known):
            return
        add_hint(uow, event.store_id, product_id)
        uow.enqueue(OBSERVE, f"hint:{event.store_id}:{event.body_hash}", event.store_id, observe_payload("hints"))

    def order_event(self, uow: UnitOfWork, event: WebhookEvent) -> None:
        """An ``order.*`` event: record the order's present state.

        Raises:
            WebhookMalformed: the order cannot be read.
        """
        try:
            order = order_of(event)
        except ValidationError as error:
            # Without the values: what stands where an id should may be anything, also a customer.
            problems = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['type']}" for one in error.errors()[:3])
            raise WebhookMalformed(f"{event.name} carries no readable order: {problems}") from None
        told_at = event.provider_time or self._clock.now()
        view = OrderView(
            order_id=order.id,
            state=order_state(order.status.slug, pending_payment=order.is_pending_payment, draft=order.draft),
            placed_at=order.date or told_at,
            told_at=told_at,
            lines=tuple(line_of(item) for item in order.items) or None,
            refunded=ends_demand(event.name),
        )
        self._book.record(uow, event.store_id, [view], ObservationSource.WEBHOOK)


def order_of(event: WebhookEvent) -> OrderBody:
    """The order of either of the two shapes: the order itself, or a status history entry around it."""
    if isinstance(event.data.get("order"), Mapping):
        return StatusNote.model_validate(event.data).order
    return OrderBody.model_validate(event.data)


def is_echo(data: Mapping[str, Any], known: KnownItem) -> bool:
    """Whether a price webhook tells only what is known or being written by us. What cannot be read is no echo."""
    try:
        note = PriceNote.model_validate(data)
    except ValidationError:
        return False
    base = base_price(note.price, note.regular_price)
    ours = base is not None and base in (known.base_price, known.writing)
    return ours and (note.sale_price or None) == known.item.sale_price and known_cost(note.cost) == known.item.cost


__all__ = ["OBSERVE", "WebhookReader", "is_echo", "order_of"]
