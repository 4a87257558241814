"""Forecasts of the test weeks: simple ones, and the engine's demand model. All know the price of each test week."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.tafeng.data import TEST_WEEKS, TRAIN_WEEKS, Sales
from thaman_optimizer.domain.demand import PRIORS, DemandState, Panel, Priors, WeekColumns, fit, step

Array = NDArray[np.float64]
Forecast = Callable[[Sales], Array]
"""Expected units: test weeks x products."""


def mean_of_training(sales: Sales) -> Array:
    """The mean of the training weeks, whatever the price."""
    return np.repeat(sales.units[:TRAIN_WEEKS].mean(axis=0)[None], TEST_WEEKS, axis=0)


def pooled_regression(sales: Sales) -> Array:
    """One elasticity for all products, by least squares of log sales on log price around each product's means."""
    x, y = _centred(sales)
    slope = float(np.sum(x[:TRAIN_WEEKS] * y) / np.sum(x[:TRAIN_WEEKS] ** 2))
    return np.asarray(mean_of_training(sales) * np.exp(slope * x[TRAIN_WEEKS:]))


def own_regressions(sales: Sales) -> Array:
    """An elasticity for each product by itself, clipped to [-8, 0]."""
    x, y = _centred(sales)
    spread = np.sum(x[:TRAIN_WEEKS] ** 2, axis=0)
    slope = np.clip(np.sum(x[:TRAIN_WEEKS] * y, axis=0) / np.maximum(spread, 1e-9), -8.0, 0.0)
    return np.asarray(mean_of_training(sales) * np.exp(slope * x[TRAIN_WEEKS:]))


def _centred(sales: Sales) -> tuple[Array, Array]:
    log_price, log_units = np.log(sales.price), np.log(sales.units[:TRAIN_WEEKS] + 0.5)
    return log_price - log_price[:TRAIN_WEEKS].mean(axis=0), log_units - log_units.mean(axis=0)


def engine_once(sales: Sales, priors: Priors = PRIORS) -> Array:
    """The engine after the training weeks, asked about all four test weeks at once."""
    state = _learned(sales, priors)
    lasting, passing = state.effects()
    weeks = [
        _expected(state, sales.price[TRAIN_WEEKS + week], lasting + passing * priors.effect_memory ** (week + 1))
        for week in range(TEST_WEEKS)
    ]
    return np.stack(weeks)


def engine_weekly(sales: Sales, priors: Priors = PRIORS, *, blind: bool = False) -> Array:
    """The engine, told of each test week once it has forecast it. ``blind`` ignores the price of the week."""
    state, weeks = _learned(sales, priors), []
    for week in range(TRAIN_WEEKS, TRAIN_WEEKS + TEST_WEEKS):
        lasting, passing = state.effects()
        price = state.own_mean if blind else sales.price[week]
        weeks.append(_expected(state, price, lasting + passing * priors.effect_memory))
        state = step(state, _week(sales, week), priors)
    return np.stack(weeks)


def engine_blind(sales: Sales) -> Array:
    """The engine week by week, as if it did not know the price."""
    return engine_weekly(sales, blind=True)


def engine_static(sales: Sales) -> Array:
    """The engine with levels that do not move, week by week."""
    return engine_weekly(sales, replace(PRIORS, drift_sd=0.0))


def _learned(sales: Sales, priors: Priors) -> DemandState:
    past = slice(0, TRAIN_WEEKS)
    unknown = np.full_like(sales.units[past], np.nan)
    panel = Panel(
        sales.product_ids,
        sales.category,
        sales.cost,
        sales.units[past],
        sales.price[past],
        sales.present[past],
        unknown,
    )
    return fit(panel, priors)


def _week(sales: Sales, week: int) -> WeekColumns:
    unknown = np.full_like(sales.units[week], np.nan)
    return WeekColumns(sales.units[week], sales.price[week], sales.present[week], unknown)


def _expected(state: DemandState, price: Array, effects: Array) -> Array:
    """The forecast: level and elasticity as known; by how much means lie above them, the effects say."""
    x = price / state.own_mean - 1.0
    return np.asarray(np.exp(state.theta[0] - x * state.theta[1] + effects))


MODELS: dict[str, Forecast] = {
    "mean of 13 weeks": mean_of_training,
    "own regressions": own_regressions,
    "one regression": pooled_regression,
    "engine, price ignored": engine_blind,
    "engine, levels fixed": engine_static,
    "engine, four weeks ahead": engine_once,
    "engine, week by week": engine_weekly,
}
"""By name, in the order of the table."""
