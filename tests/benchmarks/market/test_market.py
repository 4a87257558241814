"""The simulated market is what it says it is, and the engine keeps its promises in it."""

from math import exp, factorial
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.benchmarks.market.contenders import CONTENDERS, GUARDED, MEDIUM, ORACLE
from tests.benchmarks.market.market import Market, after_history
from tests.benchmarks.market.oracle import Oracle, outlook
from tests.benchmarks.market.picture import picture
from tests.benchmarks.market.policies import Keep
from tests.benchmarks.market.running import Outcome, run, run_all
from tests.benchmarks.market.stock import expected_sales, poisson, smooth_expected_sales
from tests.benchmarks.market.summary import summarise
from tests.benchmarks.market.table import table
from tests.benchmarks.market.truth import draw
from tests.benchmarks.market.worlds import REPORT_SEEDS, TUNING_SEEDS, WORLDS

_TAKING_PART = ("keep", "prompt rule", MEDIUM, GUARDED, ORACLE)
_SEED = 100


@pytest.fixture(scope="module")
def start() -> Market:
    return after_history(draw(WORLDS["base"], _SEED))


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    return run_all(WORLDS["war"], _SEED, {name: CONTENDERS[name] for name in _TAKING_PART})


def test_tuning_and_report_seeds_are_apart() -> None:
    assert not set(TUNING_SEEDS) & set(REPORT_SEEDS)


def test_worlds_have_codes_of_their_own() -> None:
    assert len({world.code for world in WORLDS.values()}) == len(WORLDS) >= 7


def test_the_same_seed_is_the_same_market(start: Market) -> None:
    again = after_history(draw(WORLDS["base"], _SEED))
    assert np.array_equal(again.records.units, start.records.units)
    assert np.array_equal(again.sightings.price, start.sightings.price)
    assert run(start, lambda market: Keep()).profit == run(again, lambda market: Keep()).profit


def test_a_run_leaves_its_start_alone(start: Market) -> None:
    before = start.price.copy(), start.records.units.copy()
    run(start, CONTENDERS["undercut lowest 1 %"])
    assert np.array_equal(start.price, before[0])
    assert np.array_equal(start.records.units, before[1])


def test_shoppers_buy_less_at_higher_prices_and_more_when_rivals_are_dearer(start: Market) -> None:
    market = start.copy()
    market.open()
    prices = market.price[:, None] * np.array([0.8, 1.0, 1.25])
    demand = market.demand(prices)
    assert (np.diff(demand, axis=1) < 0).all()
    present = market.truth.rivals.in_stock[market.day]
    dearer = market.demand(prices, market.truth.tastes.pull(market.standing * 1.1, present))
    assert (dearer >= demand).all()
    assert (dearer > demand).any()


def test_demand_is_not_the_engines_curve(start: Market) -> None:
    """On a semi-log curve log demand is straight in price; here it bends, both ways among the items."""
    market = start.copy()
    market.open()
    demand = np.log(market.demand(market.price[:, None] * np.array([0.8, 1.0, 1.2])))
    bend = demand[:, 0] - 2 * demand[:, 1] + demand[:, 2]
    assert np.median(np.abs(bend)) > 0.02


def test_elasticities_differ_between_items(start: Market) -> None:
    market = start.copy()
    market.open()
    demand = np.log(market.demand(market.price[:, None] * np.array([0.999, 1.001])))
    elasticity = (demand[:, 0] - demand[:, 1]) / 0.002
    assert 3.0 < elasticity.mean() < 4.5
    assert elasticity.std() > 0.7


@given(st.floats(0.01, 30.0), st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_expected_sales_are_the_poisson_sum(mean: float, stock: int) -> None:
    chances = [exp(-mean) * mean**k / factorial(k) for k in range(120)]
    true = sum(min(k, stock) * chance for k, chance in enumerate(chances))
    assert expected_sales(np.array([mean]), np.array([stock]))[0] == pytest.approx(true, abs=1e-6)


@given(st.floats(1.0, 200.0), st.floats(0.0, 300.0))
@settings(max_examples=60, deadline=None)
def test_long_run_sales_stay_within_demand_and_stock(mean: float, stock: float) -> None:
    sold = smooth_expected_sales(np.array([mean]), 0.3, np.array([stock]))[0]
    assert 0 <= sold <= min(mean, stock) + 1e-9


def test_draws_by_inversion_have_their_mean_and_variance() -> None:
    mean = np.full(20_000, 3.7)
    drawn = poisson(np.random.default_rng(1).random(20_000), mean)
    assert drawn.mean() == pytest.approx(3.7, abs=0.06)
    assert drawn.var() == pytest.approx(3.7, abs=0.15)


def test_the_oracle_takes_the_best_price_it_sees(start: Market) -> None:
    market = start.copy()
    morning = market.open()
    best = Oracle().decide(morning, market)
    value = outlook(market, np.stack([best, best * 0.97, best * 1.03], axis=1).astype(np.float64))
    free = (best > market.truth.floor[market.day] * 1.05) & (market.selling)
    assert (value[free, 0] >= value[free, 1:].max(axis=1) - 1e-3 * np.abs(value[free, 0])).mean() > 0.98


def test_nobody_beats_the_oracle_and_the_engine_beats_rules(outcomes: dict[str, Outcome]) -> None:
    profit = {name: outcome.profit for name, outcome in outcomes.items()}
    assert max(profit, key=profit.__getitem__) == ORACLE
    assert profit["prompt rule"] < profit["keep"] < profit[MEDIUM]
    assert profit[MEDIUM] > 0.92 * profit[GUARDED]


def test_the_engine_never_goes_below_the_floor_and_starts_no_war(outcomes: dict[str, Outcome]) -> None:
    assert outcomes[MEDIUM].violations == 0
    assert outcomes[GUARDED].violations == 0
    assert outcomes[MEDIUM].drift > -0.05
    assert outcomes["prompt rule"].violations > 0


def test_the_engine_moves_no_more_than_it_may(outcomes: dict[str, Outcome]) -> None:
    assert 0 < outcomes[MEDIUM].changes <= 0.36
    assert len(outcomes[MEDIUM].promises) > 100


def test_the_table_and_the_picture_show_everybody(outcomes: dict[str, Outcome]) -> None:
    everybody = {name: outcomes.get(name, outcomes["keep"]) for name in CONTENDERS}
    lines = summarise("war", [everybody])
    words, drawing = table(lines), ElementTree.fromstring(picture(lines, "a <picture>"))
    assert all(name in words for name in CONTENDERS)
    assert len(drawing.findall(".//{http://www.w3.org/2000/svg}circle")) == len(CONTENDERS)
