"""Writing products and prices: single (at once), bulk and actions (queued)."""

from thaman_sandbox.bulk import action_items, queue_changes
from thaman_sandbox.changes import change_product
from thaman_sandbox.errors import FieldsInvalid
from thaman_sandbox.merchant.call import Call, day
from thaman_sandbox.merchant.patches import Reader, nullable_price, optional_price, price_of, product_patch
from thaman_sandbox.merchant.products import living_product, product_by_sku
from thaman_sandbox.merchant.shapes import full
from thaman_sandbox.merchant.writelog import PriceCall, note_write, settle, touches_price
from thaman_sandbox.models import BulkItem, Product
from thaman_sandbox.switches import Switches
from thaman_sandbox.wire import Answer, JsonObject, done, ok

QUEUED = "The details has been queued to update, it may take several minutes to finish the process."


def put_product(call: Call) -> Answer:
    """``PUT /products/{id}``: 201 with the whole product."""
    return _put(call, living_product(call, call.number()), call.json(), "put")


def put_by_sku(call: Call) -> Answer:
    """``PUT /products/sku/{sku}``."""
    return _put(call, product_by_sku(call, call.params[0]), call.json(), "sku")


def price_by_sku(call: Call) -> Answer:
    """``POST /products/sku/{sku}/price``: the base price only."""
    product, body = product_by_sku(call, call.params[0]), call.json()
    reader = Reader(body)
    reader.require("price")
    reader.check()
    return _put(call, product, {"price": body["price"]}, "sku")


def _put(call: Call, product: Product, body: JsonObject, kind: PriceCall) -> Answer:
    entry = note_write(call, kind, product, None, body) if touches_price(body) else None
    patch = product_patch(body, product, call.world.switches)
    taken = call.shelf.by_sku.get(patch.get("sku", product.sku), product.id)
    if taken != product.id:
        raise FieldsInvalid({"sku": ["قيمة حقل رمز التخزين SKU مُستخدمة من قبل"]})
    call.before_write()
    changed = change_product(call.world, product, patch, tell=call.world.switches.echo_webhooks)
    if entry is not None:
        settle(call, entry, changed)
    return ok(full(call.world, call.store, product, call.language), 201)


def bulk_price(call: Call) -> Answer:
    """``POST /products/prices/bulkPrice``: checked now, carried out later, item by item, without a report."""
    rows = _bulk_rows(call)
    wrong: dict[str, list[str]] = {}
    items: list[BulkItem] = []
    for number, row in enumerate(rows):
        item, problems = read_bulk_item(row, f"products.{number}.", call.world.switches)
        items.append(item)
        wrong |= problems
    for item, row in zip(items, rows, strict=True):
        entry = note_write(call, "bulk", call.shelf.products.get(item.product_id), None, row)
        entry.product_id = item.product_id
        item.write_n = entry.n
    if wrong:
        raise FieldsInvalid(wrong)
    call.before_write()
    queue_changes(call.world, call.store.id, items)
    return done(QUEUED, 201)


def _bulk_rows(call: Call) -> list[JsonObject]:
    rows = call.json().get("products")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise FieldsInvalid({"products": ["حقل products مطلوب."]})
    limit = call.world.switches.bulk_maximum_items
    if limit and len(rows) > limit:
        raise FieldsInvalid({"products": [f"يجب ألا يتجاوز عدد المنتجات {limit}."]})
    return rows


def read_bulk_item(row: JsonObject, prefix: str, switches: Switches) -> tuple[BulkItem, dict[str, list[str]]]:
    """One item of a bulk body, and what is wrong with it."""
    reader = Reader(row, prefix)
    reader.require("id", "price")
    number = row.get("id")
    item = BulkItem(0, int(number) if isinstance(number, int | str) and str(number).isdecimal() else 0)
    if row.get("price") is not None:
        reader.take("price", price_of(switches), "السعر غير صالح.", lambda value: setattr(item, "price", value))
    reader.take("sale_price", optional_price, "السعر المخفض غير صالح.", lambda value: setattr(item, "sale", value))
    reader.take("sale_end", day, "التاريخ غير صالح.", lambda value: setattr(item, "sale_end", value))
    reader.take("cost_price", nullable_price, "التكلفة غير صالحة.", lambda value: setattr(item, "cost", value))
    item.touches_sale, item.touches_end, item.touches_cost = (
        "sale_price" in row,
        "sale_end" in row,
        "cost_price" in row,
    )
    if not switches.sale_at_or_above_base_accepted and item.sale and item.price is not None and item.sale >= item.price:
        reader.refuse("sale_price", "يجب أن يكون السعر المخفض أقل من السعر الأساسي.")
    return item, reader.wrong


def actions(call: Call) -> Answer:
    """``POST /products/actions`` with the ``pricing`` operation: one product at once, several queued."""
    body = call.json()
    products = _action_products(call, body)
    operations = body.get("operations")
    if not isinstance(operations, list) or not operations:
        raise FieldsInvalid({"operations": ["حقل operations مطلوب."]})
    items: list[BulkItem] = []
    for number, operation in enumerate(operations):
        value = operation.get("value") if isinstance(operation, dict) else None
        if not isinstance(value, dict) or operation.get("action_name") != "pricing":
            raise FieldsInvalid({f"operations.{number}.action_name": ["القيمة غير صالحة."]})
        for product in products:
            items += action_items(product, value, f"operations.{number}.value.")
    for item in items:
        product = call.shelf.products[item.product_id]
        variant = product.variant(item.variant_id) if item.variant_id else None
        entry = note_write(call, "action", product, variant, {})
        entry.new_base, entry.new_sale = item.price, item.sale
        item.write_n = entry.n
    call.before_write()
    queue_changes(call.world, call.store.id, items, at_once=len(products) == 1)
    rows = [
        {"operation_id": call.world.state.next_id(), "action_name": "pricing", "status": "in_progress"}
        for _ in operations
    ]
    return ok(rows)


def _action_products(call: Call, body: JsonObject) -> list[Product]:
    filters = body.get("filters")
    ids = filters.get("ids") if isinstance(filters, dict) else None
    if not isinstance(ids, list) or not ids:
        raise FieldsInvalid({"filters.ids": ["حقل filters.ids مطلوب."]})
    return [living_product(call, int(one) if str(one).isdecimal() else 0) for one in ids]
