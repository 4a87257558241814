"""The difference in differences: right by hand, on data with a known effect, and silent where it cannot know."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from thaman_dashboard.domain.did import LEAST_PRODUCTS, Effect, Missing, Product, compare, difference, student
from thaman_dashboard.domain.price_index import Link, chained


def test_a_small_example_is_what_it_is_by_hand() -> None:
    """Changes 4, 6, 8 against 1, 3: means 6 and 2, variances 4 and 2, so SE² = 4/3 + 2/2 = 7/3 and the degrees of
    freedom (7/3)² / ((4/3)²/2 + 1²/1) = 49/17 = 2.88."""
    effect = difference([400, 600, 800], [100, 300])
    half = student(0.95, 49 / 17) * (7 / 3) ** 0.5 * 100
    assert effect.mean == 400
    assert (effect.low, effect.high) == (round(400 - half), round(400 + half))


@pytest.mark.parametrize(("freedom", "table"), [(10, 2.2281), (19, 2.0930), (30, 2.0423), (120, 1.9799)])
def test_students_quantile_is_the_tables(freedom: int, table: float) -> None:
    assert abs(student(0.95, freedom) - table) < 0.001


def test_weeks_of_different_number_are_compared_by_the_week() -> None:
    products = [Product(side, 800, 400 if side else 800) for side in (True, False) for _ in range(LEAST_PRODUCTS)]
    answer = compare(products, weeks_before=8, weeks_after=4)
    assert (answer.control.before, answer.control.after) == (100, 100)
    assert (answer.treated.before, answer.treated.after) == (100, 200)
    assert answer.effect == Effect(100, 100, 100), "every product changed alike, so there is no doubt"


def _market(random: Random, effect: int) -> list[Product]:
    """A store whose products differ widely (log-normal) and have trends of their own, a season that moves both sides,
    and one effect on the treated; six weeks before, eight after."""
    made = []
    for number in range(300):
        size = random.lognormvariate(9, 0.8)
        before = round(6 * size * random.gauss(1, 0.12))
        after = round(8 * size * random.gauss(1.2, 0.2))
        controlled = number % 5 == 0
        made.append(Product(controlled, before, after + (0 if controlled else 8 * effect)))
    return made


@pytest.mark.parametrize("effect", [0, 1_000])
def test_the_interval_holds_a_known_effect_as_often_as_it_says(effect: int) -> None:
    random = Random(20261129)
    answers = [compare(_market(random, effect), 6, 8).effect for _ in range(200)]
    held = [one is not None and one.low <= effect <= one.high for one in answers]
    assert 0.90 <= sum(held) / len(held) <= 0.99
    means = [one.mean for one in answers if one is not None]
    assert abs(sum(means) / len(means) - effect) < 150, "what moves both sides falls out"


def test_it_says_what_is_missing_and_nothing_else() -> None:
    random = Random(7)
    products = _market(random, 500)
    assert compare(products, 3, 3).missing == (Missing.WEEKS_BEFORE, Missing.WEEKS_AFTER)
    few = [one for one in products if not one.controlled] + [one for one in products if one.controlled][:19]
    assert compare(few, 4, 4).missing == (Missing.CONTROL,)
    unknown = [replace(one, after=None) if one.controlled else one for one in products]
    assert compare(unknown, 4, 4).missing == (Missing.CONTROL, Missing.UNKNOWN)
    silent = [replace(one, before=0, after=0) for one in products]
    assert compare(silent, 4, 4).missing == (Missing.NO_SALES,)
    assert compare(silent, 4, 4).effect is None
    nobody = compare([], 4, 4)
    assert (nobody.effect, nobody.treated.products) == (None, 0)


def test_an_index_is_chained_and_begins_anew_after_a_gap() -> None:
    first = date(2026, 9, 7)
    weeks = [first + timedelta(weeks=number) for number in range(5)]
    rise, fall = 0.0953101798, -0.1053605157  # logarithms of 1.1 and 0.9
    links = [Link(weeks[1], weeks[0], 10, rise, 0.0), Link(weeks[2], weeks[1], 12, fall, rise)]
    points = chained(links)
    assert [(one.own_bp, one.rivals_bp, one.items) for one in points] == [
        (10_000, 10_000, None), (11_000, 10_000, 10), (9_900, 11_000, 12)
    ]  # fmt: skip
    anew = chained([*links, Link(weeks[4], weeks[3], 9, rise, rise)])
    assert [one.week for one in anew] == weeks[3:]
    assert chained([]) == ()
