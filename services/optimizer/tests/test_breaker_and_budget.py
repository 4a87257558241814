"""When a failing endpoint is left alone, and what advice may cost."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.facts import NOW

from thaman_optimizer.domain.breaker import Breaker, BreakerRules
from thaman_optimizer.domain.budget import Allowance, TokenPrices, Usage

RULES = BreakerRules(failures=3, rest=timedelta(minutes=10))
MINUTE = timedelta(minutes=1)


def failed(times: int) -> Breaker:
    """A breaker after so many failures, all at :data:`NOW`."""
    breaker = Breaker(RULES)
    for _ in range(times):
        breaker = breaker.asked(NOW).answered(NOW, well=False)
    return breaker


def test_it_opens_after_failures_in_a_row_and_lets_one_try_after_the_rest() -> None:
    assert failed(2).lets(NOW)
    breaker = failed(3)
    assert not breaker.lets(NOW + 9 * MINUTE)
    assert breaker.lets(NOW + 10 * MINUTE)
    trying = breaker.asked(NOW + 10 * MINUTE)
    assert not trying.lets(NOW + 11 * MINUTE), "one question at a time"
    assert trying.lets(NOW + 20 * MINUTE), "nobody told of its end"
    assert trying.answered(NOW + 11 * MINUTE, well=True).lets(NOW + 11 * MINUTE)
    again = trying.answered(NOW + 11 * MINUTE, well=False)
    assert not again.lets(NOW + 20 * MINUTE)
    assert again.lets(NOW + 21 * MINUTE)


def test_a_success_in_between_counts_from_the_start() -> None:
    breaker = failed(2).answered(NOW, well=True)
    assert breaker == Breaker(RULES)


@given(st.lists(st.tuples(st.integers(0, 1_000), st.booleans()), max_size=30))
def test_it_never_stays_closed_for_longer_than_a_rest(story: list[tuple[int, bool]]) -> None:
    breaker, now = Breaker(RULES), NOW
    for seconds, well in story:
        now += timedelta(seconds=seconds)
        if breaker.lets(now):
            breaker = breaker.asked(now).answered(now, well=well)
    assert breaker.lets(now + RULES.rest)


@pytest.mark.parametrize(
    ("usage", "cost"), [(Usage(), 0), (Usage(1, 0), 1), (Usage(1_000_000, 0), 150_000), (Usage(1_000, 500), 450)]
)
def test_costs_are_whole_millionths_rounded_up(usage: Usage, cost: int) -> None:
    assert TokenPrices(150_000, 600_000).cost(usage) == cost


def test_an_allowance_bounds_tokens_and_money() -> None:
    prices = TokenPrices(1_000_000, 1_000_000)
    assert Allowance(100, 100).permits(Usage(60, 40), prices)
    assert not Allowance(100, 99).permits(Usage(60, 40), prices)
    assert not Allowance(99, 100).permits(Usage(60, 40), prices)
    assert Allowance(99, 0).permits(Usage(60, 39), TokenPrices(0, 0)), "a model of one's own costs nothing"
    assert Allowance(100, 50).less(30, 80) == Allowance(70, 0)
    assert Allowance(100, 50).least(Allowance(70, 90)) == Allowance(70, 50)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=6))
def test_parts_never_cost_less_than_the_whole(parts: list[tuple[int, int]]) -> None:
    prices, whole = TokenPrices(150_000, 600_000), Usage()
    for sent, received in parts:
        whole = whole.plus(Usage(sent, received))
    assert prices.cost(whole) <= sum(prices.cost(Usage(*part)) for part in parts)
