"""Products and orders, as the merchant and the shoppers move them."""

from typing import Any

from fastapi import APIRouter

from thaman_sandbox.changes import ProductPatch, VariantPatch, change_product, change_variant
from thaman_sandbox.control import requests
from thaman_sandbox.control.deps import World_
from thaman_sandbox.errors import ControlRefused
from thaman_sandbox.models import Order, Product
from thaman_sandbox.ordering import Wanted, find_item, move_order, place_order
from thaman_sandbox.pricing import product_effective, variant_effective
from thaman_sandbox.sales import simulate_sales

router = APIRouter(prefix="/_sandbox")
_CLEARABLE = {"sale", "sale_start", "sale_end", "cost", "quantity"}
_VARIANT_KEYS = {
    "base": "base",
    "sale": "sale",
    "cost": "cost",
    "quantity": "stock",
    "unlimited": "unlimited",
    "sku": "sku",
}


@router.get("/stores/{store_id}/products")
async def list_products(world: World_, store_id: int) -> list[Product]:
    """Every product as the sandbox keeps it (amounts in halalas)."""
    return list(world.state.shelf(store_id).products.values())


@router.get("/stores/{store_id}/products/{product_id}")
async def get_product(world: World_, store_id: int, product_id: int) -> Product:
    """One product as the sandbox keeps it."""
    return world.state.product(store_id, product_id)


@router.patch("/stores/{store_id}/products/{product_id}")
async def edit_product(world: World_, store_id: int, product_id: int, body: requests.ProductEdit) -> Product:
    """A merchant's hand edit; fires the webhooks that a write by the app would fire."""
    product, variant = find_item(world, world.state.store(store_id), product_id, body.variant_id)
    given = body.model_dump(exclude_unset=True, exclude={"variant_id"})
    values: dict[str, Any] = {key: value for key, value in given.items() if value is not None or key in _CLEARABLE}
    if values.get("sale", 1) in (0, None):
        values["sale"] = None
    if variant is None:
        change_product(world, product, ProductPatch(**values), tell=True)  # type: ignore[typeddict-item]
        return product
    unknown = values.keys() - _VARIANT_KEYS.keys()
    if unknown:
        raise ControlRefused(f"A variant has no {', '.join(sorted(unknown))}.")
    patch = {_VARIANT_KEYS[key]: value for key, value in values.items()}
    change_variant(world, product, variant, VariantPatch(**patch), tell=True)  # type: ignore[typeddict-item]
    return product


@router.get("/stores/{store_id}/prices")
async def prices(world: World_, store_id: int) -> dict[str, dict[str, int | None]]:
    """Base and effective price of every item, in halalas; a variant's key is ``product/variant``."""
    return _prices(world, store_id)


@router.get("/prices")
async def all_prices(world: World_) -> dict[str, dict[str, dict[str, int | None]]]:
    """The same for all stores."""
    return {str(store_id): _prices(world, store_id) for store_id in world.state.stores}


def _prices(world: World_, store_id: int) -> dict[str, dict[str, int | None]]:
    today = world.clock.today()
    rows: dict[str, dict[str, int | None]] = {}
    for one in world.state.shelf(store_id).products.values():
        rows[str(one.id)] = {"base": one.base, "effective": product_effective(one, today), "sale": one.sale}
        for part in one.variants:
            price = {"base": part.base, "effective": variant_effective(part), "sale": part.sale}
            rows[f"{one.id}/{part.id}"] = price
    return rows


@router.get("/stores/{store_id}/orders")
async def list_orders(world: World_, store_id: int) -> list[Order]:
    """Every order as the sandbox keeps it."""
    return list(world.state.shelf(store_id).orders.values())


@router.post("/stores/{store_id}/orders", status_code=201)
async def new_order(world: World_, store_id: int, body: requests.NewOrder) -> Order:
    """A shopper orders."""
    lines = [Wanted(one.product_id, one.variant_id, one.quantity, one.price) for one in body.lines]
    return place_order(world, world.state.store(store_id), lines, body.status)


@router.post("/stores/{store_id}/orders/{order_id}/status")
async def move(world: World_, store_id: int, order_id: int, body: requests.OrderStatus) -> Order:
    """An order moves on."""
    order = world.state.order(store_id, order_id)
    return move_order(world, world.state.store(store_id), order, body.status, body.note)


@router.post("/stores/{store_id}/simulate-sales", status_code=201)
async def sales(world: World_, store_id: int, body: requests.Sales) -> dict[str, int]:
    """Past sales: orders over the last days, made without webhooks."""
    store = world.state.store(store_id)
    return simulate_sales(world, store, days=body.days, seed=body.seed, orders_per_day=body.orders_per_day)
