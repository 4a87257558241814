"""Variants: listed, read and priced apart from their product."""

from thaman_sandbox.changes import change_variant
from thaman_sandbox.errors import NotFound
from thaman_sandbox.merchant.call import Call
from thaman_sandbox.merchant.patches import variant_patch
from thaman_sandbox.merchant.products import living_product
from thaman_sandbox.merchant.shapes import sku
from thaman_sandbox.merchant.writelog import note_write, settle, touches_price
from thaman_sandbox.models import Product, Variant
from thaman_sandbox.wire import Answer, ok


def _variant(call: Call) -> tuple[Product, Variant]:
    product_id = call.shelf.by_variant.get(call.number())
    if product_id is None:
        raise NotFound(call.params[0])
    product = living_product(call, product_id)
    found = product.variant(call.number())
    if found is None:
        raise NotFound(call.params[0])
    return product, found


def list_variants(call: Call) -> Answer:
    """``GET /products/{id}/variants``."""
    product = living_product(call, call.number())
    return call.page(product.variants, lambda one: sku(call.world, call.store, product, one, call.language))


def get_variant(call: Call) -> Answer:
    """``GET /products/variants/{variant}``."""
    product, variant = _variant(call)
    return ok(sku(call.world, call.store, product, variant, call.language))


def put_variant(call: Call) -> Answer:
    """``PUT /products/variants/{variant}``: the one way to price a variant."""
    product, variant = _variant(call)
    body = call.json()
    entry = note_write(call, "variant", product, variant, body) if touches_price(body) else None
    patch = variant_patch(body, variant, call.world.switches)
    call.before_write()
    changed = change_variant(call.world, product, variant, patch, tell=call.world.switches.echo_webhooks)
    if entry is not None:
        settle(call, entry, changed)
    return ok(sku(call.world, call.store, product, variant, call.language), 201)
