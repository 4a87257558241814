"""The ``data`` of product events. Prices are plain numbers here, and the cost key is ``cost``."""

from thaman_sandbox.merchant.shapes import full
from thaman_sandbox.models import Product, Store, Variant
from thaman_sandbox.money import wire
from thaman_sandbox.pricing import product_effective, variant_effective, with_taxes
from thaman_sandbox.wire import JsonObject
from thaman_sandbox.world import World


def price_updated(world: World, store: Store, product: Product) -> JsonObject:
    """``product.price.updated``."""
    sale_end = product.sale_end.isoformat() if product.sale_end else None
    return _priced(store, product, product, product_effective(product, world.clock.today()), sale_end)


def variant_price_updated(store: Store, product: Product, variant: Variant) -> JsonObject:
    """``product.price.updated`` for a variant: the product's id with the variant's SKU and prices."""
    return _priced(store, product, variant, variant_effective(variant), None)


def _priced(store: Store, product: Product, item: Product | Variant, price: int, sale_end: str | None) -> JsonObject:
    taxed = with_taxes(store, price, taxable=product.with_tax)
    return {
        "id": product.id,
        "sku": item.sku,
        "mpn": item.mpn,
        "gtin": item.gtin,
        "cost": None if item.cost is None else wire(item.cost),
        "starting_price": None,
        "price": wire(price),
        "sale_price": {"amount": wire(item.sale), "expired_at": sale_end} if item.sale else None,
        "tax": wire(taxed.tax),
        "taxed_price": wire(taxed.total),
        "regular_price": wire(item.base),
        "currency": store.currency,
        "with_tax": product.with_tax,
    }


def status_updated(product: Product) -> JsonObject:
    """``product.status.updated``."""
    return {
        "id": product.id,
        "sku": product.sku,
        "mpn": product.mpn,
        "gtin": product.gtin,
        "status": product.status,
    }


def product_model(world: World, store: Store, product: Product) -> JsonObject:
    """The full product, as ``product.created``, ``.deleted`` and ``.quantity.low`` carry it."""
    return full(world, store, product, store.language)
