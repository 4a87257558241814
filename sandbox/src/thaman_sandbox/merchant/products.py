"""Reading products."""

from thaman_sandbox.errors import NotFound
from thaman_sandbox.merchant.call import Call
from thaman_sandbox.merchant.shapes import category_id, full, light
from thaman_sandbox.models import Product
from thaman_sandbox.wire import Answer, JsonObject, ok


def list_products(call: Call) -> Answer:
    """``GET /products``: newest first; deleted ones are not listed."""
    rows = [one for one in reversed(call.shelf.products.values()) if one.status != "deleted"]
    for wanted in (_by_keyword(call, rows), _by_status(call, rows), _by_category(call, rows)):
        if wanted is not None:
            keep = {one.id for one in wanted}
            rows = [one for one in rows if one.id in keep]
    return call.page(rows, lambda one: _shape(call, one))


def _shape(call: Call, product: Product) -> JsonObject:
    form = light if call.one("format") == "light" else full
    return form(call.world, call.store, product, call.language)


def _by_keyword(call: Call, rows: list[Product]) -> list[Product] | None:
    word = call.one("keyword").casefold()
    if not word:
        return None
    return [one for one in rows if any(word in text.casefold() for text in (one.sku, one.name_ar, one.name_en))]


def _by_status(call: Call, rows: list[Product]) -> list[Product] | None:
    status = call.one("status")
    return [one for one in rows if one.status == status] if status else None


def _by_category(call: Call, rows: list[Product]) -> list[Product] | None:
    category = call.one("category")
    return [one for one in rows if str(category_id(one)) == category] if category else None


def living_product(call: Call, product_id: int) -> Product:
    """The product, unless it does not exist or was deleted."""
    found = call.shelf.products.get(product_id)
    if found is None or found.status == "deleted":
        raise NotFound(str(product_id))
    return found


def product_by_sku(call: Call, sku: str) -> Product:
    """The product with this SKU; a variant's SKU counts only with the switch ``variant_sku_resolves``."""
    product_id = call.shelf.by_sku.get(sku)
    if product_id is None and call.world.switches.variant_sku_resolves:
        rows = call.shelf.products.values()
        product_id = next((one.id for one in rows if any(part.sku == sku for part in one.variants)), None)
    if product_id is None:
        raise NotFound(sku)
    return living_product(call, product_id)


def get_product(call: Call) -> Answer:
    """``GET /products/{id}``."""
    return ok(full(call.world, call.store, living_product(call, call.number()), call.language))


def get_by_sku(call: Call) -> Answer:
    """``GET /products/sku/{sku}``."""
    return ok(full(call.world, call.store, product_by_sku(call, call.params[0]), call.language))
