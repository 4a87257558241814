"""The ``data`` of order events, and the parts of an order that the API shares with them."""

from thaman_sandbox.clock import salla_date
from thaman_sandbox.merchant.shapes import available
from thaman_sandbox.models import Order, OrderLine, Product, Store
from thaman_sandbox.money import amount
from thaman_sandbox.order_status import status_name
from thaman_sandbox.pricing import product_effective, sale_running, with_taxes
from thaman_sandbox.wire import JsonObject
from thaman_sandbox.world import World


def status_of(order: Order, language: str) -> JsonObject:
    """The order's status with the merchant's own name for it."""
    number, name = status_name(order.status, language)
    return {"id": number, "name": name, "slug": order.status, "customized": {"id": number, "name": name}}


def amounts_of(store: Store, order: Order) -> JsonObject:
    """The order's sums."""
    taxed = with_taxes(store, order.total, taxable=True)
    return {
        "sub_total": amount(taxed.pre_tax, store.currency),
        "shipping_cost": amount(0, store.currency),
        "cash_on_delivery": amount(0, store.currency),
        "tax": {"percent": f"{store.vat_bp // 100}.00", "amount": amount(taxed.tax, store.currency)},
        "discounts": [],
        "total": amount(taxed.total, store.currency),
    }


def line_amounts(store: Store, line: OrderLine) -> JsonObject:
    """The sums of one line."""
    taxed = with_taxes(store, line.price * line.quantity, taxable=True)
    return {
        "price_without_tax": amount(taxed.pre_tax, store.currency),
        "total_discount": amount(0, store.currency),
        "tax": {"percent": f"{store.vat_bp // 100}.00", "amount": amount(taxed.tax, store.currency)},
        "total": amount(taxed.total, store.currency),
    }


def customer_of(order: Order) -> JsonObject:
    """A made-up customer; nobody is behind it."""
    number = order.customer.rpartition("-")[2]
    return {
        "id": 1_100_000_000 + int(number),
        "first_name": "عميل",
        "last_name": number,
        "mobile": 500_000_000 + int(number),
        "mobile_code": "+966",
        "email": f"{order.customer}@shoppers.example",
    }


def order_model(world: World, store: Store, order: Order) -> JsonObject:
    """The full order, as most order events carry it; here items name their product."""
    return {
        "id": order.id,
        "reference_id": order.reference_id,
        "urls": {"customer": f"https://{store.username}.example/orders/{order.id}", "admin": ""},
        "date": salla_date(order.created_at),
        "updated_at": salla_date(order.updated_at),
        "draft": False,
        "read": False,
        "source": order.source,
        "source_details": {"type": "direct", "value": None},
        "status": status_of(order, store.language),
        "payment_method": order.payment_method,
        "currency": store.currency,
        "amounts": amounts_of(store, order),
        "shipping": None,
        "shipments": [],
        "customer": customer_of(order),
        "items": [_item(world, store, line) for line in order.lines],
        "bank": None,
        "tags": [],
    }


def _item(world: World, store: Store, line: OrderLine) -> JsonObject:
    product = world.state.shelves[store.id].products.get(line.product_id)
    return {
        "id": line.id,
        "name": line.name,
        "sku": line.sku,
        "quantity": line.quantity,
        "currency": store.currency,
        "weight": 1,
        "amounts": line_amounts(store, line),
        "notes": "",
        "product": _product(world, store, product) if product is not None else None,
        "options": _chosen(product, line),
        "images": [],
        "codes": [],
        "files": [],
    }


def _product(world: World, store: Store, product: Product) -> JsonObject:
    today = world.clock.today()
    return {
        "id": product.id,
        "type": product.kind,
        "status": product.status,
        "is_available": available(product),
        "sku": product.sku,
        "name": product.name_ar,
        "price": amount(product_effective(product, today), store.currency),
        "sale_price": amount(product.sale or 0, store.currency),
        "currency": store.currency,
        "url": f"https://{store.username}.example/p{product.id}",
        "thumbnail": "",
        "has_special_price": sale_running(product.sale, product.sale_start, product.sale_end, today),
        "regular_price": amount(product.base, store.currency),
        "mpn": product.mpn,
        "gtin": product.gtin,
        "starting_price": None,
    }


def _chosen(product: Product | None, line: OrderLine) -> list[JsonObject]:
    variant = product.variant(line.variant_id) if product is not None and line.variant_id is not None else None
    if product is None or variant is None:
        return []
    value = {"id": variant.option_value_id, "name": variant.label_ar, "price": amount(0)}
    return [
        {
            "id": line.id,
            "product_option_id": product.option_id,
            "name": product.option_ar,
            "type": "radio",
            "value": value,
        }
    ]


def status_model(world: World, store: Store, order: Order) -> JsonObject:
    """``order.status.updated``: another shape, with flat ``product_id`` in its items."""
    last = order.changes[-1]
    number, name = status_name(order.status, store.language)
    flat = [
        {
            "id": line.id,
            "product_id": line.product_id,
            "name": line.name,
            "sku": line.sku,
            "quantity": line.quantity,
            "weight": 1,
            "amounts": line_amounts(store, line),
        }
        for line in order.lines
    ]
    return {
        "id": last.id,
        "status": name,
        "customized": {"id": number, "name": name},
        "note": last.note,
        "created_at": salla_date(last.at),
        "order": {
            "id": order.id,
            "reference_id": order.reference_id,
            "status": {"id": number, "name": name, "slug": order.status},
            "items": flat,
            "total": amount(with_taxes(store, order.total, taxable=True).total, store.currency),
        },
    }
