"""Filling a new store's shelf from a trade: prices, costs, stock and sales differ by the store's seed."""

from datetime import date, timedelta
from typing import Literal

from thaman_sandbox.catalogues.trade import Choice, Thing, draw, nice_price, thing
from thaman_sandbox.catalogues.trades import TRADES
from thaman_sandbox.models import Product, Store, Variant
from thaman_sandbox.money import RATE_ONE, share, without_tax
from thaman_sandbox.world import World

MISSING_COST_IN = 10
"""One cost in so many is unknown to the merchant."""


def stock_store(world: World, store: Store, count: int) -> None:
    """Put ``count`` products on a store's shelf."""
    trade = TRADES[store.catalogue]
    start = draw(store.catalogue, store.seed, "start", below=40)
    for number in range(count):
        world.state.add_product(_product(world, store, thing(trade, start + number), number))


def _product(world: World, store: Store, source: Thing, number: int) -> Product:
    chance = _Chance(store.seed, source.reference)
    base = _shelf_price(store, source.fair, chance.of("price", 2000))
    today = world.clock.today()
    sale, sale_start, sale_end = _sale(chance, base, today)
    unlimited = chance.one_in("unlimited", 9)
    now = world.clock.now()
    product = Product(
        id=world.state.next_id(),
        store_id=store.id,
        sku=f"{source.brand.en[:2].upper()}{source.number:04d}-{number}",
        name_ar=source.name.ar,
        name_en=source.name.en,
        brand_ar=source.brand.ar,
        brand_en=source.brand.en,
        category_ar=source.category.ar,
        category_en=source.category.en,
        gtin=source.gtin,
        mpn=source.mpn,
        base=base,
        sale=sale,
        sale_start=sale_start,
        sale_end=sale_end,
        cost=_cost(chance, base),
        quantity=None if unlimited else _stock(chance),
        unlimited=unlimited,
        status=_status(chance),
        with_tax=True,
        created_at=now - timedelta(days=chance.of("age", 300) + 1),
        updated_at=now - timedelta(hours=chance.of("edited", 400) + 1),
        notify_quantity=5 if chance.one_in("notify", 2) else None,
        description=f"<p>{source.name.ar}</p>",
        reference=source.reference,
    )
    if source.option is not None:
        product.option_ar, product.option_en = source.option.ar, source.option.en
        product.option_id = world.state.next_id()
        product.variants = [_variant(world, store, product, choice, chance) for choice in source.choices]
    return product


def _variant(world: World, store: Store, product: Product, choice: Choice, chance: "_Chance") -> Variant:
    base = _shelf_price(store, choice.fair, chance.of("price", 2000))
    on_sale = chance.one_in(f"sale {choice.number}", 12)
    return Variant(
        id=world.state.next_id(),
        label_ar=choice.label.ar,
        label_en=choice.label.en,
        option_value_id=world.state.next_id(),
        sku=f"{product.sku}-{choice.number + 1}",
        gtin=choice.gtin,
        mpn=f"{product.mpn}-{choice.number + 1}",
        base=base,
        sale=nice_price(share(base, 8500)) if on_sale else None,
        cost=None if product.cost is None else share(base, 6000),
        stock=chance.of(f"stock {choice.number}", 60),
        reference=choice.reference,
    )


class _Chance:
    """Draws of one product of one store."""

    def __init__(self, seed: int, reference: str) -> None:
        self._parts = (seed, reference)

    def of(self, what: str, below: int) -> int:
        return draw(*self._parts, what, below=below)

    def one_in(self, what: str, number: int) -> bool:
        return self.of(what, number) == 0


def _shelf_price(store: Store, fair: int, position: int) -> int:
    """The merchant's base price: 92 to 112 % of the fair one, without VAT where the store adds it later."""
    shopper = nice_price(share(fair, 9200 + position))
    return shopper if store.prices_include_vat else without_tax(shopper, store.vat_bp)


def _cost(chance: _Chance, base: int) -> int | None:
    if chance.one_in("no cost", MISSING_COST_IN):
        return None
    return share(base, RATE_ONE * 50 // 100 + chance.of("cost", 2400))


def _stock(chance: _Chance) -> int | None:
    if chance.one_in("no stock", 12):
        return 0
    return None if chance.one_in("stock unknown", 25) else 1 + chance.of("stock", 120)


def _status(chance: _Chance) -> Literal["sale", "hidden", "out"]:
    turn = chance.of("status", 40)
    if turn == 0:
        return "hidden"
    return "out" if turn == 1 else "sale"


def _sale(chance: _Chance, base: int, today: date) -> tuple[int | None, date | None, date | None]:
    """One in eight has a running sale, one in sixteen a sale that is over, one in sixteen one without an end."""
    turn = chance.of("sale", 16)
    if turn > 3:
        return None, None, None
    sale = share(base, 7500 + chance.of("discount", 1700)) // 100 * 100 or base
    if turn < 2:
        return sale, today - timedelta(days=3), today + timedelta(days=4 + chance.of("days left", 20))
    if turn == 2:
        return sale, today - timedelta(days=30), today - timedelta(days=2)
    return sale, None, None
