"""Queued price changes: kept, carried out later in order per store, losing items where a fault says so."""

from collections.abc import Callable
from decimal import Decimal
from typing import Literal

from thaman_sandbox.changes import PRICE_KEYS, ProductPatch, VariantPatch, change_product, change_variant
from thaman_sandbox.errors import FieldsInvalid
from thaman_sandbox.models import BulkChange, BulkItem, Product, Variant
from thaman_sandbox.money import halalas
from thaman_sandbox.wire import JsonObject
from thaman_sandbox.world import World


def queue_changes(world: World, store_id: int, items: list[BulkItem], *, at_once: bool = False) -> None:
    """Keep a change and put it on the agenda; never before an earlier one of the same store."""
    lane: Literal["real", "virtual"] = world.switches.bulk_delay_clock
    due = world.agenda.time_of(lane) + world.switches.bulk_delay_ms / 1000
    waiting = [one.due for one in world.state.bulks.values() if one.store_id == store_id]
    bulk = BulkChange(world.state.next_id(), store_id, items, max([due, *waiting]))
    world.state.add_bulk(bulk)
    for item in items:
        entry = world.state.writes[item.write_n - 1]
        entry.pending = True
        world.state.add_write(entry)
    if at_once:
        apply_bulk(world, bulk.id)
    else:
        world.agenda.add("bulk", bulk.id, lane=lane, due=bulk.due)


def apply_bulk(world: World, bulk_id: int) -> None:
    """Carry out one queued change."""
    bulk = world.state.bulks.pop(bulk_id, None)
    if bulk is None:
        return
    world.state.forget("bulk", str(bulk_id))
    for item in bulk.items:
        _apply_item(world, bulk.store_id, item)


def _apply_item(world: World, store_id: int, item: BulkItem) -> None:
    entry = world.state.writes[item.write_n - 1]
    entry.pending = False
    entry.applied_at = world.clock.now()
    product = world.state.shelves[store_id].products.get(item.product_id)
    if entry.call == "bulk" and _lost(world, store_id, entry.n):
        entry.bulk_lost = True
    elif product is not None and product.status != "deleted":
        variant = product.variant(item.variant_id) if item.variant_id else None
        present: Product | Variant = variant or product
        entry.old_base, entry.old_sale = present.base, present.sale
        changed = _change(world, product, variant, item)
        entry.effective = not changed.isdisjoint(PRICE_KEYS)
    world.state.add_write(entry)


def _lost(world: World, store_id: int, n: int) -> bool:
    every = world.switches.bulk_lose_every
    plan = world.faults(store_id)
    return (every > 0 and n % every == 0) or world.dice.falls(plan, plan.p_lost_bulk_item)


def _change(world: World, product: Product, variant: Variant | None, item: BulkItem) -> set[str]:
    tell = world.switches.echo_webhooks
    if variant is not None:
        return change_variant(world, product, variant, _variant_values(item), tell=tell)
    patch: ProductPatch = {}
    if item.price is not None:
        patch["base"] = item.price
    if item.touches_sale:
        patch["sale"] = item.sale
    if item.touches_sale and item.sale is None:
        patch |= {"sale_start": None, "sale_end": None}
    if item.touches_end:
        patch["sale_end"] = item.sale_end
    if item.touches_cost:
        patch["cost"] = item.cost
    return change_product(world, product, patch, tell=tell)


def _variant_values(item: BulkItem) -> VariantPatch:
    patch: VariantPatch = {}
    if item.price is not None:
        patch["base"] = item.price
    if item.touches_sale:
        patch["sale"] = item.sale
    if item.touches_cost:
        patch["cost"] = item.cost
    return patch


FORMULAS: dict[str, Callable[[int, Decimal], Decimal]] = {
    "amount": lambda _, amount: amount * 100,
    "price + amount": lambda price, amount: price + amount * 100,
    "price - amount": lambda price, amount: price - amount * 100,
    "price + (price * amount /100 )": lambda price, amount: price + price * amount / 100,
    "price - (price * amount /100 )": lambda price, amount: price - price * amount / 100,
}
"""The formulas of the pricing action, exactly as they are spelled; results in halalas."""

APPLY_ON = ("product", "product_and_variants", "variants")


def action_items(product: Product, value: JsonObject, prefix: str) -> list[BulkItem]:
    """What a pricing operation does to a product, as absolute values; :class:`FieldsInvalid` if it makes no sense."""
    column, formula = value.get("column"), value.get("formula")
    apply_on = value.get("apply_on", "product")
    wrong: dict[str, list[str]] = {}
    if column not in ("price", "sale_price", "cost_price"):
        wrong[f"{prefix}column"] = ["القيمة غير صالحة."]
    if not isinstance(formula, str) or formula not in FORMULAS:
        wrong[f"{prefix}formula"] = ["القيمة غير صالحة."]
    if apply_on not in APPLY_ON:
        wrong[f"{prefix}apply_on"] = ["القيمة غير صالحة."]
    try:
        amount = Decimal(halalas(value.get("amount"))) / 100
    except ValueError:
        wrong[f"{prefix}amount"] = ["القيمة غير صالحة."]
    if wrong:
        raise FieldsInvalid(wrong)
    targets: list[Variant | None] = [None] if apply_on != "variants" else []
    if apply_on != "product":
        targets += product.variants
    return [_action_item(product, variant, str(column), FORMULAS[str(formula)], amount) for variant in targets]


def _action_item(
    product: Product,
    variant: Variant | None,
    column: str,
    formula: Callable[[int, Decimal], Decimal],
    amount: Decimal,
) -> BulkItem:
    present = (variant or product).base
    result = max(int(formula(present, amount).quantize(Decimal(1))), 0)
    item = BulkItem(0, product.id, variant.id if variant else None)
    if column == "price":
        item.price = result
    elif column == "sale_price":
        item.touches_sale, item.sale = True, result or None
    else:
        item.touches_cost, item.cost = True, result
    return item
