"""Reading orders."""

from collections.abc import Callable
from datetime import date

from thaman_sandbox.clock import RIYADH, salla_date
from thaman_sandbox.errors import FieldsInvalid, NotFound
from thaman_sandbox.merchant.call import Call, day
from thaman_sandbox.models import Order, OrderLine
from thaman_sandbox.money import amount
from thaman_sandbox.order_status import STATUSES, status_name
from thaman_sandbox.pricing import with_taxes
from thaman_sandbox.webhooks.order_events import amounts_of, customer_of, line_amounts, status_of
from thaman_sandbox.wire import Answer, JsonObject, ok

_SORTS: dict[str, Callable[[Order], tuple[int, int]]] = {
    "id": lambda one: (0, one.id),
    "total": lambda one: (one.total, one.id),
    "updated_at": lambda one: (int(one.updated_at.timestamp() * 1000), one.id),
    "created_at": lambda one: (int(one.created_at.timestamp() * 1000), one.id),
}


def list_orders(call: Call) -> Answer:
    """``GET /orders``: items carry only name, quantity and thumbnail; ``expanded`` is refused to new apps."""
    if call.one("expanded") in ("1", "true"):
        raise FieldsInvalid({"expanded": ["القيمة غير صالحة."]})
    keep = _filter(call)
    column, _, direction = (call.one("sort_by") or "created_at-desc").rpartition("-")
    key = _SORTS.get(column, _SORTS["created_at"])
    rows = sorted(filter(keep, call.shelf.orders.values()), key=key, reverse=direction != "asc")
    return call.page(rows, lambda order: _row(call, order))


def _filter(call: Call) -> Callable[[Order], bool]:
    first, last = _day(call, "from_date"), _day(call, "to_date")
    statuses = set(call.many("status"))
    product, reference = call.one("product").casefold(), call.one("reference_id")
    keyword = call.one("keyword").casefold()

    def keep(order: Order) -> bool:
        created = order.created_at.astimezone(RIYADH).date()
        names = " ".join(line.name for line in order.lines).casefold()
        checks = (
            first is None or first <= created,
            last is None or created <= last,
            not statuses or str(STATUSES[order.status].id) in statuses,
            product in names,
            not reference or str(order.reference_id) == reference,
            not keyword or keyword in names or keyword == str(order.reference_id),
        )
        return all(checks)

    return keep


def _day(call: Call, name: str) -> date | None:
    try:
        return day(call.one(name))
    except ValueError as wrong:
        raise FieldsInvalid({name: ["التاريخ غير صالح."]}) from wrong


def _row(call: Call, order: Order) -> JsonObject:
    store = call.store
    total = with_taxes(store, order.total, taxable=True).total
    return {
        "id": order.id,
        "reference_id": order.reference_id,
        "total": amount(total, store.currency),
        "exchange_rate": {"base_currency": store.currency, "exchange_currency": store.currency, "rate": "1.00"},
        "date": salla_date(order.created_at),
        "status": status_of(order, call.language),
        "can_cancel": order.status in ("payment_pending", "under_review", "in_progress"),
        "can_reorder": False,
        "payment_method": order.payment_method,
        "is_pending_payment": order.status == "payment_pending",
        "pending_payment_ends_at": 0,
        "features": {"shippable": True, "digitalable": False, "pickable": False, "multiple_shipments_supported": False},
        "items": [{"name": line.name, "quantity": line.quantity, "thumbnail": ""} for line in order.lines],
        "draft": False,
        "read": False,
        "customer": customer_of(order),
    }


def _order(call: Call, number: str) -> Order:
    found = call.shelf.orders.get(int(number) if number.isdecimal() else 0)
    if found is None:
        raise NotFound(number)
    return found


def get_order(call: Call) -> Answer:
    """``GET /orders/{id}``: the light form, without items."""
    order = _order(call, call.params[0])
    return ok(
        {
            "id": order.id,
            "reference_id": order.reference_id,
            "date": salla_date(order.created_at),
            "updated_at": salla_date(order.updated_at),
            "source": order.source,
            "draft": False,
            "read": False,
            "status": status_of(order, call.language),
            "is_pending_payment": order.status == "payment_pending",
            "payment_method": order.payment_method,
            "currency": call.store.currency,
            "amounts": amounts_of(call.store, order),
            "customer": customer_of(order),
            "tags": [],
        }
    )


def order_items(call: Call) -> Answer:
    """``GET /orders/items?order_id=``: to be joined on the SKU, for no product id is given."""
    if not call.one("order_id"):
        raise FieldsInvalid({"order_id": ["حقل order_id مطلوب."]})
    order = _order(call, call.one("order_id"))
    return ok([_item(call, line) for line in order.lines])


def _item(call: Call, line: OrderLine) -> JsonObject:
    item: JsonObject = {
        "id": line.id,
        "name": line.name,
        "sku": line.sku,
        "quantity": line.quantity,
        "currency": call.store.currency,
        "weight": 1,
        "weight_label": "١ كجم",
        "amounts": line_amounts(call.store, line),
        "notes": "",
        "options": [],
        "images": [],
        "codes": [],
        "files": [],
        "reservations": [],
    }
    if call.world.switches.order_items_product_id:
        item["product"] = {"id": line.product_id}
    return item


def histories(call: Call) -> Answer:
    """``GET /orders/{id}/histories``."""
    order = _order(call, call.params[0])
    return ok(
        [
            {
                "id": change.id,
                "status": status_name(change.status, "ar")[1],
                "note": change.note,
                "created_at": salla_date(change.at),
            }
            for change in reversed(order.changes)
        ]
    )


def statuses(call: Call) -> Answer:
    """``GET /orders/statuses``."""
    rows = []
    for position, status in enumerate(STATUSES.values(), start=1):
        name = status_name(status.slug, call.language)[1]
        rows.append(
            {
                "id": status.id,
                "name": name,
                "type": "original",
                "slug": status.slug,
                "sort": position,
                "message": name,
                "icon": "sicon-box",
                "is_active": True,
                "parent": None,
                "original": {"id": status.id, "name": name},
            }
        )
    return ok(rows)
