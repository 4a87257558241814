"""The robust reference against a slow one written out from its definition."""

import math
from dataclasses import dataclass
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thaman_contracts.events.policies import Against
from thaman_optimizer.domain.offers import OFFER_RULES, OfferColumns, position_prices, read_market


@dataclass(frozen=True)
class One:
    price: int
    age: float = 0.0
    in_stock: bool = True
    confidence: int = 10_000


def columns(*products: list[One]) -> OfferColumns:
    flat = [one for product in products for one in product]
    return OfferColumns(
        starts=np.cumsum([0, *(len(product) for product in products)]),
        price=np.array([one.price for one in flat], dtype=np.int64),
        age_days=np.array([one.age for one in flat], dtype=np.float64),
        in_stock=np.array([one.in_stock for one in flat], dtype=np.int64),
        confidence_bp=np.array([one.confidence for one in flat], dtype=np.int64),
    )


def median(found: list[tuple[float, float]]) -> float:
    total, seen = sum(weight for _, weight in found), 0.0
    for value, weight in sorted(found):
        seen += weight
        if 2 * seen >= total:
            return value
    raise AssertionError


def slow(offers: list[One], own: int) -> float | None:
    """pricing.md 1.2, word by word."""
    fit = [
        (one.price, (one.confidence / 10_000) ** 2 * 2 ** (-max(one.age, 0) / 4))
        for one in offers
        if one.in_stock and -1 <= one.age <= 14 and one.confidence >= 5_500 and own / 1.9 <= one.price <= own * 1.9
    ]
    if not fit:
        return None
    middle = median(fit)
    spread = median([(abs(math.log(price / middle)), weight) for price, weight in fit])
    limit = min(max(3 * 1.4826 * spread, math.log(1.15)), math.log(1.5))
    used = [(price, weight) for price, weight in fit if abs(math.log(price / middle)) <= limit + 1e-7]
    if sum(weight for _, weight in used) < 0.5:
        return None
    return median(used)


offers = st.lists(
    st.builds(
        One,
        price=st.integers(4_000, 25_000),
        # Powers of two as weights, so that both add them exactly and ties mean the same.
        age=st.sampled_from([0.0, 4.0, 8.0, 12.0, 15.0, -0.5, -2.0]),
        in_stock=st.booleans(),
        confidence=st.sampled_from([10_000, 5_000]),
    ),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(offers, min_size=1, max_size=4), st.integers(5_000, 20_000))
def test_like_the_definition(products: list[list[One]], own: int) -> None:
    found = read_market(columns(*products), np.full(len(products), float(own)))
    for row, product in enumerate(products):
        wanted = slow(product, own)
        assert math.isnan(found.reference[row]) if wanted is None else found.reference[row] == wanted


@given(offers, st.randoms(use_true_random=False))
def test_order_changes_nothing(product: list[One], random: Random) -> None:
    turned = list(product)
    random.shuffle(turned)
    own = np.array([10_000.0])
    first, second = read_market(columns(product), own), read_market(columns(turned), own)
    assert np.array_equal(first.reference, second.reference, equal_nan=True)
    assert np.array_equal(first.weight, second.weight)


def test_other_products_change_nothing() -> None:
    """Many more offers than are read at a time."""
    random = Random(6)
    products = [
        [One(random.randint(4_000, 25_000), random.uniform(-2, 16)) for _ in range(random.randint(0, 40))]
        for _ in range(1_000)
    ]
    own = np.full(len(products), 10_000.0)
    whole, end = read_market(columns(*products), own), 0
    for row, product in enumerate(products):
        alone = read_market(columns(product), own[:1])
        start, end = end, end + int(alone.used[0])
        assert whole.reference[row] == alone.reference[0] or np.isnan([whole.reference[row], alone.reference[0]]).all()
        assert (whole.weight[row], whole.fit[row], whole.used[row]) == (alone.weight[0], alone.fit[0], alone.used[0])
        assert (whole.kept_product[start:end] == row).all()
        assert whole.kept_price[start:end].tolist() == alone.kept_price.tolist()
        first = sum(len(one) for one in products[:row])
        assert whole.kept_offer[start:end].tolist() == (first + alone.kept_offer).tolist()


def test_no_offers_is_an_answer() -> None:
    found = read_market(OfferColumns.none(3), np.full(3, 1_000.0))
    assert np.isnan(found.reference).all()
    assert found.weight.tolist() == [0, 0, 0]
    for against in Against:
        assert np.isnan(position_prices(found, against)).all()


def test_one_stale_offer_is_no_reference() -> None:
    found = read_market(columns([One(1_000, age=5.0)], [One(1_000, age=3.0)]), np.full(2, 1_000.0))
    assert np.isnan(found.reference[0])
    assert found.reference[1] == 1_000


def test_positions_do_not_mix_products() -> None:
    found = read_market(columns([One(1_000), One(1_100), One(1_050)], [], [One(900)]), np.full(3, 1_000.0))
    wanted = {"lowest": 1_000, "highest": 1_100, "average": 1_050, "median": 1_050}
    for name, price in wanted.items():
        prices = position_prices(found, Against(name))
        assert prices[0] == price
        assert np.isnan(prices[1])
        assert prices[2] == 900
    assert position_prices(found, Against.RANK, 2).tolist()[0] == 1_050
    assert position_prices(found, Against.RANK, 9).tolist()[0] == 1_100


def test_columns_that_do_not_fit_together_are_refused() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    with pytest.raises(ValueError, match="starts"):
        OfferColumns(np.array([0, 2]), nothing, np.zeros(0), nothing, nothing)
    with pytest.raises(ValueError, match="length"):
        OfferColumns(np.array([0, 0]), nothing, np.zeros(1), nothing, nothing)
    assert OFFER_RULES.min_weight > 0
