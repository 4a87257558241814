"""Catalogues: the same for the same seed, realistic in their gaps, with right check digits."""

from hypothesis import given
from hypothesis import strategies as st

from thaman_sandbox.catalogues.gtin import check_digit, gtin13, valid
from thaman_sandbox.catalogues.trade import thing
from thaman_sandbox.catalogues.trades import TRADES, find_thing
from thaman_sandbox.config import SandboxConfig
from thaman_sandbox.control.requests import NewStore
from thaman_sandbox.models import Product
from thaman_sandbox.pricing import product_effective
from thaman_sandbox.stores import open_store
from thaman_sandbox.world import World, build_world


def shelf(count: int, seed: int, catalogue: str) -> tuple[World, list[Product]]:
    world = build_world(SandboxConfig())
    store = open_store(world, NewStore(products=count, seed=seed, catalogue=catalogue))
    return world, list(world.state.shelves[store.id].products.values())


def essence(product: Product) -> tuple[object, ...]:
    parts = tuple((one.sku, one.base, one.sale, one.cost, one.stock) for one in product.variants)
    return (product.sku, product.name_ar, product.base, product.sale, product.cost, product.quantity, parts)


def test_known_check_digits() -> None:
    assert check_digit("400638133393") == 1
    assert valid("4006381333931") and valid("73513537") and not valid("4006381333932") and not valid("abc")


@given(st.integers(min_value=0))
def test_every_made_number_is_valid(number: int) -> None:
    assert valid(gtin13(number))


@given(st.sampled_from(sorted(TRADES)), st.integers(min_value=0, max_value=99_999))
def test_a_reference_finds_its_thing(key: str, number: int) -> None:
    one = thing(TRADES[key], number)
    assert find_thing(one.reference) == (one, None)
    for choice in one.choices:
        assert find_thing(choice.reference) == (one, choice.number)
    assert find_thing(f"{one.reference}-99") is None
    assert one.name.ar and one.name.en and one.fair > 0 and valid(one.gtin)


def test_the_same_seed_fills_the_same_shelf() -> None:
    first, second, other = (shelf(40, seed, "perfumes")[1] for seed in (5, 5, 6))
    assert [essence(one) for one in first] == [essence(one) for one in second]
    assert [essence(one) for one in first] != [essence(one) for one in other]


def test_the_gaps_are_there() -> None:
    world, rows = shelf(400, 1, "fashion")
    today = world.clock.today()
    unknown = sum(one.cost is None for one in rows)
    running = [one for one in rows if one.sale and product_effective(one, today) == one.sale]
    over = [one for one in rows if one.sale and product_effective(one, today) == one.base]
    assert 20 <= unknown <= 70
    assert len(running) > 20 and len(over) > 5
    assert all(one.sale is None or one.sale < one.base for one in rows)
    assert {one.status for one in rows} == {"sale", "hidden", "out"}
    assert {None, 0} <= {one.quantity for one in rows} and any(one.unlimited for one in rows)
    assert all(one.cost is None or 0 < one.cost < one.base for one in rows)
    assert len({one.sku for one in rows}) == 400 and any(one.variants for one in rows)
