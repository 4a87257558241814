"""Parts of a decision: endings, floors, assumed costs, the forms for uncertainty, the dither."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.columns import columns, panel

from thaman_contracts.events.settings import MarginBasis, StoreSettings
from thaman_contracts.money import ceil_div
from thaman_optimizer.domain.decision import (
    DecisionPolicy,
    Guard,
    decide,
    draws,
    ending_named,
    floor_prices,
    identity,
    impute_costs,
)
from thaman_optimizer.domain.decision.candidates import bounds_of, candidates, grid
from thaman_optimizer.domain.decision.costs import NoFloorPossible
from thaman_optimizer.domain.decision.endings import UnknownEnding
from thaman_optimizer.domain.decision.gain import Evaluation, belief_of
from thaman_optimizer.domain.demand import PRIORS, fit
from thaman_optimizer.domain.floor import floor_of

amounts = st.integers(1, 10**8)


@given(amounts, st.sampled_from([None, "whole", "exact", ".95", "0.5", "9", "point_95"]))
def test_endings(price: int, name: str | None) -> None:
    ending = ending_named(name)
    given_price = np.array([price], dtype=np.int64)
    down, up, nearest = (int(f(given_price)[0]) for f in (ending.down, ending.up, ending.nearest))
    assert down <= price <= up
    assert nearest > 0
    assert nearest in (down, up)
    assert down <= 0 or abs(nearest - price) == min(price - down, up - price)
    assert int(ending.nearest(np.array([nearest]))[0]) == nearest


def test_unknown_endings_are_refused() -> None:
    for name in ("odd", "1.95", ".955", ""):
        with pytest.raises(UnknownEnding):
            ending_named(name)


@given(st.integers(0, 10**10), st.integers(0, 5_000), st.integers(0, 4_000), st.booleans(), st.integers(0, 2_000))
def test_floors_are_exact_and_least(cost: int, margin: int, fee: int, markup: bool, vat: int) -> None:
    policy = DecisionPolicy(vat_bp=vat, fee_bp=fee, min_margin_bp=margin, markup=markup)
    floor = int(floor_prices(np.array([cost]), np.array([True]), policy)[0])
    if markup:
        top, bottom = cost * (10_000 + vat) * (10_000 + margin), (10_000 - fee) * 10_000
    else:
        top, bottom = cost * (10_000 + vat), 10_000 - fee - margin
    assert floor == ceil_div(top, bottom)


def test_a_margin_that_no_price_keeps_is_refused() -> None:
    with pytest.raises(NoFloorPossible):
        floor_prices(np.array([1]), np.array([True]), DecisionPolicy(min_margin_bp=9_500, fee_bp=500))


@given(
    cost=st.integers(1, 10**10),
    vat_bp=st.integers(0, 10_000),
    least=st.integers(0, 9_000),
    fee=st.integers(0, 900),
    basis=st.sampled_from(MarginBasis),
)
def test_floors_in_columns_are_those_of_the_guards(
    cost: int, vat_bp: int, least: int, fee: int, basis: MarginBasis
) -> None:
    policy = DecisionPolicy(vat_bp=vat_bp, fee_bp=fee, min_margin_bp=least, markup=basis is MarginBasis.MARKUP)
    settings = StoreSettings(min_margin_bp=least, fee_bp=fee, margin_basis=basis)
    assert floor_prices(np.array([cost]), np.array([True]), policy)[0] == floor_of(cost, vat_bp, settings)


def test_costs_are_assumed_low_and_from_the_own_category() -> None:
    price = np.full(40, 1_000, dtype=np.int64)
    category = np.repeat([0, 1], 20)
    cost = np.concatenate([np.linspace(300, 490, 20), np.linspace(600, 790, 20)])
    cost[[0, 20]] = np.nan
    assumed = impute_costs(cost, price, category, 1_500)
    known = ~np.isnan(cost)
    assert np.array_equal(assumed[known], cost[known])
    assert 310 <= assumed[0] <= np.median(cost[1:20])
    assert 610 <= assumed[20] <= np.median(cost[21:])
    assert impute_costs(np.array([np.nan]), np.array([1_000]), np.array([0]), 1_500)[0] < 1_000 * 0.4


def test_closed_forms_agree_with_sampling() -> None:
    """Mean, deviation and probability of the change, against a hundred thousand draws from the same belief.

    Every price is valued at the demand that the levels and effects say, which is the draws' median.
    """
    weeks, policy = panel(60), DecisionPolicy()
    state = fit(weeks)
    given_columns = replace(columns(weeks, policy), weeks_left=np.full(60, np.nan))
    prices = candidates(given_columns, bounds_of(given_columns, policy), grid(policy.step_bp), policy.ending)
    evaluation = Evaluation(given_columns, state, prices, policy)
    outcomes, belief = evaluation.outcomes(), belief_of(given_columns, state, PRIORS)
    random = np.random.default_rng(11)
    for row in range(0, 60, 7):
        level, slope = belief.level[row, 0], belief.slope[row, 0]
        spread, lean, bend = belief.spread[row, 0], belief.lean[row, 0], belief.bend[row, 0]
        drawn = random.multivariate_normal([level, -slope], [[spread, -lean], [-lean, bend]], 100_000)
        before = given_columns.price[row]
        now = before / belief.own_mean[row, 0] - 1
        for column in (2, 30):
            after = prices[row, column]
            if after == before:
                continue
            x = after / belief.own_mean[row, 0] - 1
            earned = (after / 1.15 - given_columns.cost[row]) * np.exp(drawn[:, 0] + drawn[:, 1] * x)
            kept = (before / 1.15 - given_columns.cost[row]) * np.exp(drawn[:, 0] + drawn[:, 1] * now)
            above = np.exp((spread - 2 * lean * x + bend * x * x) / 2)
            above_now = np.exp((spread - 2 * lean * now + bend * now * now) / 2)
            change = earned / above - kept / above_now
            near = 6 * change.std() / np.sqrt(len(change))
            assert outcomes.mean[row, column] == pytest.approx(change.mean(), abs=near)
            assert outcomes.deviation[row, column] == pytest.approx(change.std(), rel=0.05)
            chance = evaluation.probability(np.full(60, column))[row]
            assert chance == pytest.approx((earned > kept).mean(), abs=0.01)


def test_a_wider_belief_makes_no_price_look_better() -> None:
    """With demand as likely and its slope less known, no candidate is worth more, and each gain is less sure."""
    weeks, policy = panel(60), DecisionPolicy()
    state = fit(weeks)
    given_columns = replace(columns(weeks, policy), weeks_left=np.full(60, np.nan))
    prices = candidates(given_columns, bounds_of(given_columns, policy), grid(policy.step_bp), policy.ending)
    # At the own mean price the slope's variance leaves the present demand as it is.
    at_mean = replace(state, own_mean=given_columns.price.astype(np.float64))
    covariance = at_mean.covariance.copy()
    covariance[1], covariance[3] = 0.0, covariance[3] * 2.0
    narrow = np.where(np.arange(6)[:, None] == 3, covariance / 2.0, covariance)
    sure = Evaluation(given_columns, replace(at_mean, covariance=narrow), prices, policy).outcomes()
    unsure = Evaluation(given_columns, replace(at_mean, covariance=covariance), prices, policy).outcomes()
    assert np.allclose(unsure.mean, sure.mean, rtol=1e-9, atol=1e-6)
    away = prices != given_columns.price[:, None]
    assert (unsure.deviation[away] > sure.deviation[away]).all()


def test_a_busy_week_is_not_taken_for_a_busy_season() -> None:
    """Half of what a week has beyond the usual lasts another week; of eight weeks it is an eighth, on average."""
    weeks, policy = panel(20), DecisionPolicy()
    state = replace(fit(weeks), store_effect=np.array(0.8), category_effect=np.zeros(4), lasting_effect=np.full(4, 0.2))
    usual = replace(state, store_effect=np.array(0.2))
    limits = {"always": np.nan, "a week": 1.0, "eight": 8.0}
    beyond = {}
    for name, left in limits.items():
        morning = replace(columns(weeks, policy), weeks_left=np.full(20, left), stock=np.full(20, 9.0))
        busy, calm = (belief_of(morning, one, PRIORS).level for one in (state, usual))
        beyond[name] = float((busy - calm).mean())
    assert beyond["always"] == pytest.approx(0.6 * PRIORS.effect_memory)
    assert beyond["a week"] == pytest.approx(beyond["always"])
    assert beyond["eight"] == pytest.approx(0.6 * (1 - 0.5**8) / 8)


def test_limited_stock_asks_for_more_when_scarce_and_less_when_plenty() -> None:
    weeks, policy = panel(200, rate=4.0), DecisionPolicy(ending=ending_named("exact"))
    state = fit(weeks)
    base = replace(
        columns(weeks, policy),
        weeks_left=np.full(200, 4.0),
        salvage=np.zeros(200),
        cost_known=np.ones(200, dtype=bool),
        floor=np.zeros(200, dtype=np.int64),
        locked=np.zeros(200, dtype=bool),
        braked=np.zeros(200, dtype=bool),
        days_since_change=np.full(200, 30.0),
    )
    scarce = decide(replace(base, stock=np.full(200, 2.0)), state, policy).price
    plenty = decide(replace(base, stock=np.full(200, 500.0)), state, policy).price
    assert (scarce >= plenty).all()
    assert (scarce > base.price).mean() > 0.5
    assert (plenty < base.price).mean() > 0.5


def test_dither_is_drawn_from_who_and_when_alone() -> None:
    names = [f"product {index}" for index in range(4_000)]
    first, later = draws(identity(names), 1), draws(identity(names), 2)
    assert np.array_equal(draws(identity(names[::-1]), 1), first[::-1])
    for drawn in (first, later):
        assert 0.46 < (drawn & np.uint64(1)).mean() < 0.54
    assert 0.46 < ((first ^ later) & np.uint64(1)).mean() < 0.54


def test_dithers_are_small_and_said_to_be() -> None:
    weeks, policy = panel(500), DecisionPolicy()
    given_columns = replace(columns(weeks, policy), days_since_change=np.full(500, 30.0))
    made = decide(given_columns, fit(weeks), policy)
    dithered = made.guards & int(Guard.DITHER) > 0
    assert dithered.any()
    move = np.abs(made.price[dithered] / given_columns.price[dithered] - 1)
    assert (move >= 0.015).all()
    assert (move <= 0.04).all()
    assert given_columns.cost_known[dithered].all()
