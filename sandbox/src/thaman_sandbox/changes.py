"""Changing products and variants: one place that stores the new values and tells whoever listens.

Patches hold absolute values and only the keys that are to change.
"""

from datetime import date
from typing import Literal, TypedDict

from thaman_sandbox.models import Product, Store, Variant
from thaman_sandbox.webhooks.product_events import (
    price_updated,
    product_model,
    status_updated,
    variant_price_updated,
)
from thaman_sandbox.webhooks.publish import publish_store_event
from thaman_sandbox.world import World

PRICE_KEYS = frozenset({"base", "sale", "sale_start", "sale_end"})
_PRICE_EVENT_KEYS = PRICE_KEYS | {"cost", "with_tax"}


class ProductPatch(TypedDict, total=False):
    """New values of a product; amounts in halalas."""

    base: int
    sale: int | None
    sale_start: date | None
    sale_end: date | None
    cost: int | None
    quantity: int | None
    unlimited: bool
    status: Literal["sale", "out", "hidden", "deleted"]
    with_tax: bool
    sku: str
    mpn: str
    gtin: str
    name_ar: str
    name_en: str
    description: str
    notify_quantity: int | None


class VariantPatch(TypedDict, total=False):
    """New values of a variant; amounts in halalas."""

    base: int
    sale: int | None
    cost: int | None
    stock: int | None
    unlimited: bool
    sku: str
    mpn: str
    gtin: str


def change_product(world: World, product: Product, patch: ProductPatch, *, tell: bool) -> set[str]:
    """Apply a patch; returns the keys whose value really changed. ``tell`` fires the webhooks."""
    old_sku, was_low = product.sku, _low(product)
    changed = _assign(product, dict(patch))
    if "base" in changed and world.switches.product_price_touches_variants:
        for variant in product.variants:
            variant.base = product.base
    if not changed:
        return changed
    product.updated_at = world.clock.now()
    shelf = world.state.shelves[product.store_id]
    if product.sku != old_sku and shelf.by_sku.get(old_sku) == product.id:
        del shelf.by_sku[old_sku]
    world.state.add_product(product)
    if tell:
        _tell_product(world, product, changed, became_low=_low(product) and not was_low)
    return changed


def change_variant(world: World, product: Product, variant: Variant, patch: VariantPatch, *, tell: bool) -> set[str]:
    """Apply a patch to a variant; returns the keys whose value really changed."""
    changed = _assign(variant, dict(patch))
    if not changed:
        return changed
    product.updated_at = world.clock.now()
    world.state.add_product(product)
    store = world.state.store(product.store_id)
    if tell and world.switches.variant_price_webhooks and changed & {"base", "sale", "cost"}:
        publish_store_event(world, store, "product.price.updated", variant_price_updated(store, product, variant))
    if tell and world.switches.deprecated_product_updated:
        publish_store_event(world, store, "product.updated", product_model(world, store, product))
    return changed


def _assign(target: Product | Variant, values: dict[str, object]) -> set[str]:
    changed = {key for key, value in values.items() if getattr(target, key) != value}
    for key in changed:
        setattr(target, key, values[key])
    return changed


def _low(product: Product) -> bool:
    limit, left = product.notify_quantity, product.quantity
    return limit is not None and left is not None and not product.unlimited and left <= limit


def _tell_product(world: World, product: Product, changed: set[str], *, became_low: bool) -> None:
    store: Store = world.state.store(product.store_id)
    if changed & _PRICE_EVENT_KEYS:
        publish_store_event(world, store, "product.price.updated", price_updated(world, store, product))
    if "status" in changed:
        deleted = product.status == "deleted"
        data = product_model(world, store, product) if deleted else status_updated(product)
        publish_store_event(world, store, "product.deleted" if deleted else "product.status.updated", data)
    if became_low:
        publish_store_event(world, store, "product.quantity.low", product_model(world, store, product))
    if world.switches.deprecated_product_updated:
        publish_store_event(world, store, "product.updated", product_model(world, store, product))
