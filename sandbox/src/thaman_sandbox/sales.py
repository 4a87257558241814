"""Making a past: orders of the last days, more for popular and for cheaper things, the same for the same seed."""

from datetime import timedelta

from thaman_sandbox.catalogues.trade import draw
from thaman_sandbox.catalogues.trades import find_thing
from thaman_sandbox.models import Product, Store
from thaman_sandbox.ordering import Wanted, place_order
from thaman_sandbox.world import World

_STATUSES = ("delivered", "delivered", "delivered", "completed", "completed", "shipped", "canceled", "restored")


def simulate_sales(world: World, store: Store, *, days: int, seed: int, orders_per_day: int) -> dict[str, int]:
    """Place the orders of the last ``days``; returns how many orders and pieces."""
    tickets = _tickets(list(world.state.shelves[store.id].products.values()))
    orders = pieces = 0
    for day in range(days, 0, -1):
        for number in range(_orders_of(day, seed, orders_per_day) if tickets else 0):
            wanted = _basket(tickets, seed, day, number)
            moment = world.clock.now() - timedelta(days=day, minutes=-draw(seed, day, number, "minute", below=1400))
            status = _STATUSES[draw(seed, day, number, "status", below=len(_STATUSES))]
            place_order(world, store, wanted, status, at=moment, live=False)
            orders += 1
            pieces += sum(line.quantity for line in wanted)
    return {"orders": orders, "pieces": pieces}


def _tickets(products: list[Product]) -> list[Product]:
    """Each product as often as it is likely to be bought."""
    rows: list[Product] = []
    for one in products:
        if one.status == "sale":
            rows += [one] * (1 + draw(one.reference, "popular", below=8) + _cheapness(one))
    return rows


def _cheapness(product: Product) -> int:
    found = find_thing(product.reference)
    return 4 if found is not None and product.base < found[0].fair else 0


def _orders_of(day: int, seed: int, usual: int) -> int:
    """Between half and one and a half of the usual; weekends (every seventh and sixth day) a bit more."""
    extra = usual // 3 if day % 7 < 2 else 0
    return usual // 2 + draw(seed, day, "orders", below=usual + 1) + extra


def _basket(tickets: list[Product], seed: int, day: int, number: int) -> list[Wanted]:
    lines: dict[int, Wanted] = {}
    for place in range(1 + draw(seed, day, number, "lines", below=3)):
        product = tickets[draw(seed, day, number, place, below=len(tickets))]
        quantity = 1 + draw(seed, day, number, place, "quantity", below=2)
        variant = None
        if product.variants:
            variant = product.variants[draw(seed, day, number, place, "variant", below=len(product.variants))].id
        lines[product.id] = Wanted(product.id, variant, quantity)
    return list(lines.values())
