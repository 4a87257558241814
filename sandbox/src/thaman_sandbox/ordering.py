"""Placing orders and moving them on. What shoppers do in a store, whoever asks for it."""

from dataclasses import dataclass
from datetime import datetime

from thaman_sandbox.changes import ProductPatch, VariantPatch, change_product, change_variant
from thaman_sandbox.errors import ControlRefused, UnknownProduct
from thaman_sandbox.models import Order, OrderChange, OrderLine, Product, Store, Variant
from thaman_sandbox.order_status import STATUSES
from thaman_sandbox.pricing import product_effective, variant_effective
from thaman_sandbox.webhooks.order_events import order_model, status_model
from thaman_sandbox.webhooks.publish import publish_store_event
from thaman_sandbox.world import World


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line someone wants to order; without a price it costs what it costs now."""

    product_id: int
    variant_id: int | None
    quantity: int
    price: int | None = None


def place_order(
    world: World, store: Store, wanted: list[Wanted], status: str, *, at: datetime | None = None, live: bool = True
) -> Order:
    """Place an order. ``live`` takes it from stock and fires ``order.created``; history is made without both."""
    if status not in STATUSES:
        raise ControlRefused(f"Unknown status {status!r}. One of: {', '.join(STATUSES)}.")
    if not wanted:
        raise ControlRefused("An order needs at least one line.")
    moment = at or world.clock.now()
    number = world.state.next_id()
    order = Order(
        id=number,
        store_id=store.id,
        reference_id=number % 100_000_000,
        created_at=moment,
        updated_at=moment,
        status=status,
        payment_method=("mada", "credit_card", "apple_pay", "cod")[number % 4],
        lines=[_line(world, store, one) for one in wanted],
        changes=[OrderChange(world.state.next_id(), status, moment)],
        customer=f"customer-{number % 997}",
    )
    for one in wanted:
        _sell(world, store, one, take_stock=live)
    world.state.add_order(order)
    if live:
        publish_store_event(world, store, "order.created", order_model(world, store, order))
    return order


def find_item(world: World, store: Store, product_id: int, variant_id: int | None) -> tuple[Product, Variant | None]:
    """A product with the named variant; raises :class:`UnknownProduct`."""
    product = world.state.product(store.id, product_id)
    variant = product.variant(variant_id) if variant_id is not None else None
    if variant_id is not None and variant is None:
        raise UnknownProduct(f"Product {product_id} has no variant {variant_id}.")
    return product, variant


def _line(world: World, store: Store, wanted: Wanted) -> OrderLine:
    product, variant = find_item(world, store, wanted.product_id, wanted.variant_id)
    if wanted.quantity < 1:
        raise ControlRefused("An order line needs a quantity of at least 1.")
    now = variant_effective(variant) if variant else product_effective(product, world.clock.today())
    price = now if wanted.price is None else wanted.price
    return OrderLine(
        id=world.state.next_id(),
        product_id=product.id,
        variant_id=variant.id if variant else None,
        name=product.name_ar,
        sku=(variant or product).sku,
        quantity=wanted.quantity,
        price=price,
    )


def _sell(world: World, store: Store, wanted: Wanted, *, take_stock: bool) -> None:
    product, variant = find_item(world, store, wanted.product_id, wanted.variant_id)
    product.sold_quantity += wanted.quantity
    world.state.add_product(product)
    if not take_stock:
        return
    if variant is not None and variant.stock is not None and not variant.unlimited:
        left: VariantPatch = {"stock": max(variant.stock - wanted.quantity, 0)}
        change_variant(world, product, variant, left, tell=True)
    elif variant is None and product.quantity is not None and not product.unlimited:
        patch: ProductPatch = {"quantity": max(product.quantity - wanted.quantity, 0)}
        change_product(world, product, patch, tell=True)


def move_order(world: World, store: Store, order: Order, status: str, note: str = "") -> Order:
    """Give an order another status and fire the events of it."""
    if status not in STATUSES:
        raise ControlRefused(f"Unknown status {status!r}. One of: {', '.join(STATUSES)}.")
    now = world.clock.now()
    order.status, order.updated_at = status, now
    order.changes.append(OrderChange(world.state.next_id(), status, now, note))
    world.state.add_order(order)
    publish_store_event(world, store, "order.status.updated", status_model(world, store, order))
    for event in ("order.updated", {"canceled": "order.cancelled", "restored": "order.refunded"}.get(status)):
        if event is not None:
            publish_store_event(world, store, event, order_model(world, store, order))
    return order
