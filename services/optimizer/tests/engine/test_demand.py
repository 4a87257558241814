"""What the demand model learns, and what it admits not to know."""

from dataclasses import replace

import numpy as np
import pytest
from tests.support.columns import panel, truth

from thaman_optimizer.domain.demand import PRIORS, Panel, WeekColumns, fit, step
from thaman_optimizer.domain.demand.pooling import initial, learn


@pytest.mark.parametrize("elasticity", [1.8, 3.2, 4.6])
def test_a_stores_mean_elasticity_is_learned(elasticity: float) -> None:
    count = 1_500
    state = fit(panel(count, weeks=40, elasticity=elasticity))
    learned = float(state.theta[1].mean())
    assert abs(learned - elasticity) < 0.35 * max(abs(PRIORS.elasticity.mean - elasticity), 1.0)


def test_items_that_sell_are_told_apart_and_their_uncertainty_is_honest() -> None:
    count = 1_500
    weeks = panel(count, weeks=52, rate=12.0)
    state, true = fit(weeks), truth(count)
    assert np.corrcoef(state.theta[1], true)[0, 1] > 0.5
    inside = np.abs(state.theta[1] - true) <= 1.2816 * np.sqrt(state.covariance[3])
    assert 0.7 <= inside.mean() <= 0.95


def test_items_that_never_sold_keep_their_categorys_belief() -> None:
    weeks = panel(200)
    weeks.share[:, 7] = 0.0
    weeks.units[:, 7] = 0.0
    state = fit(weeks)
    category = state.category[7]
    assert state.seen[7] == 0
    assert state.covariance[3, 7] == pytest.approx(state.deviations[0, category] ** 2)
    assert np.sqrt(state.covariance[0, 7]) > np.sqrt(state.covariance[0]).mean()


def test_covariances_stay_covariances() -> None:
    state = fit(panel(400, weeks=60, rate=5.0))
    for index in range(400):
        a, b, c, d, e, f = state.covariance[:, index]
        values = np.linalg.eigvalsh(np.array([[a, b, c], [b, d, e], [c, e, f]]))
        assert values.min() > -1e-9


def test_absurd_weeks_do_not_break_it() -> None:
    count = 50
    state = fit(panel(count))
    absurd = WeekColumns(np.full(count, 1e6), np.full(count, 1.0), np.full(count, 1.0), np.full(count, 1e9))
    for _ in range(5):
        state = step(state, absurd)
    assert np.isfinite(state.theta).all()
    assert np.isfinite(state.covariance).all()
    assert (state.theta[1] >= PRIORS.elasticity.low).all()
    assert (state.theta[1] <= PRIORS.elasticity.high).all()


def test_no_evidence_leaves_the_prior_as_it_is() -> None:
    prior = PRIORS.elasticity
    category, nothing = np.zeros(30, dtype=np.int64), np.zeros((2, 30))
    before = initial(prior, 1)
    center = before.of_items(category, nothing)
    after = learn(prior, before, category, nothing, center, before.deviations[category] ** 2)
    assert after.means[0] == pytest.approx(prior.mean)
    assert after.deviations[0] == pytest.approx(before.deviations[0])


def test_forecasts_come_to_what_is_sold_even_if_it_sells_in_bursts() -> None:
    """Levels alone sink under bursts; what the effects come to in the long run makes up for it, week by week or not."""
    count, weeks = 1_000, 40
    bursts = np.random.default_rng(8).gamma(3.0, 1.0 / 3.0, (weeks, count))
    steady = panel(count, weeks=weeks, rate=3.0)
    steady.units[:] = np.random.default_rng(9).poisson(np.maximum(steady.units, 0.5) * bursts)
    shown = replace(steady, price=np.repeat(steady.price[:1], weeks, axis=0), share=np.ones_like(steady.share))
    state = fit(shown)
    lasting, _ = state.effects()
    sold = shown.units[-12:].sum() / 12
    level = np.exp(state.theta[0])
    assert 0.97 < float((level * np.exp(lasting)).sum()) / sold < 1.03
    assert float(level.sum()) / sold < 0.93
    last = step(fit(head(shown, weeks - 1)), shown.week(weeks - 1))
    assert np.allclose(last.lasting_effect, state.lasting_effect, atol=0.02)


def head(weeks: Panel, count: int) -> Panel:
    """The first weeks of a panel."""
    return replace(
        weeks,
        units=weeks.units[:count],
        price=weeks.price[:count],
        share=weeks.share[:count],
        reference=weeks.reference[:count],
    )


def test_an_empty_panel_is_the_prior() -> None:
    weeks = panel(10)
    none = type(weeks)(
        weeks.product_ids,
        weeks.category,
        weeks.cost,
        weeks.units[:0],
        weeks.price[:0],
        weeks.share[:0],
        weeks.reference[:0],
    )
    state = fit(none)
    assert np.allclose(state.theta[1], PRIORS.elasticity.mean)
    assert np.isnan(state.own_mean).all()
