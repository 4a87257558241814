"""A look at Salla's own books that shares no code with ``check_world``: the write log against decisions and costs."""

from collections import Counter, defaultdict
from typing import Any

from tests.faults.database import rows
from tests.support.system import System

DECIDED = "SELECT store_id, item_key, document->>'base_price' AS base_price FROM optimizer.decisions"


async def check_books(system: System) -> None:
    """No decision was written twice with effect, nothing undecided was written, nothing below its cost.

    Raises:
        AssertionError: with every entry of the write log that should not be there.
    """
    decided = Counter((row["store_id"], row["item_key"], int(row["base_price"])) for row in await rows(system, DECIDED))
    log = [entry for entry in await system.salla.get("/write-log") if entry["effective"]]
    writes: dict[tuple[str, str, int], list[int]] = defaultdict(list)
    for entry in log:
        writes[str(entry["store_id"]), _item(entry), entry["new_base"]].append(entry["n"])
    too_many = {target: numbers for target, numbers in writes.items() if len(numbers) > decided[target]}
    assert not too_many, f"effective writes without a decision of their own: {too_many}"
    costs = {store: await _costs(system, store) for store in {str(entry["store_id"]) for entry in log}}
    below = [entry for entry in log if not _covers(entry, costs[str(entry["store_id"])].get(_item(entry)))]
    assert not below, f"written below cost, or without knowing it: {below}"


async def _costs(system: System, store_id: str) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for product in await system.salla.get(f"/stores/{store_id}/products"):
        found[str(product["id"])] = product["cost"]
        found |= {f"{product['id']}/{one['id']}": one["cost"] for one in product["variants"]}
    return found


def _covers(entry: dict[str, Any], cost: int | None) -> bool:
    return cost is not None and entry["new_base"] >= cost


def _item(entry: dict[str, Any]) -> str:
    return f"{entry['product_id']}/{entry['variant_id']}" if entry["variant_id"] else str(entry["product_id"])
