"""Two who know everything: one free, one inside the guardrails that the engine has to keep.

They know demand, costs, every rival's price of today and what followers will answer, the stock that is to come and
the shoppers of the season that is left. They do not know the luck and the noise of the days to come.
"""

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.market.market import NET, Market, Morning
from tests.benchmarks.market.stock import PLENTY, smooth_expected_sales
from tests.benchmarks.market.truth import NEVER, floor_of
from tests.benchmarks.market.worlds import WEEK

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

_NOISE = 0.3
_REACTED = 0.75


def outlook(market: Market, price: Array) -> Array:
    """Expected profit a day (halalas) at candidate prices (items x candidates), over the time the stock has to last."""
    truth, day = market.truth, market.day
    rate = market.demand(price)
    if truth.rivals.follows.any() and _REACTED > 0:
        rate = (1 - _REACTED) * rate + _REACTED * market.demand(price, pull_after_answers(market, price))
    ends = truth.season_end != NEVER
    # Days for which today's stock has to do, in days as busy as today.
    until = np.where(ends, truth.season_end, np.where(market.arrives == NEVER, day + 1, market.arrives))
    horizon = busy_days(market, until)
    mean = rate * horizon[:, None]
    sales = smooth_expected_sales(mean, _NOISE, market.stock[:, None].astype(np.float64))
    return np.asarray((price * NET - market.unit_cost()[:, None]) * sales / horizon[:, None])


def expected_week(market: Market, price: Array) -> Array:
    """The true expected profit of a week (halalas) at candidate prices, rivals as they stand, stock over its season.

    A week is one as busy as the coming one; a season's stock has to last to its end.
    """
    truth, day = market.truth, market.day
    coming = busy_days(market, np.full(truth.items, day + WEEK))
    ends = truth.season_end != NEVER
    horizon = np.where(ends, busy_days(market, np.maximum(truth.season_end, day + WEEK)), coming)
    mean = market.demand(price) * horizon[:, None]
    stock = np.where(ends, market.stock, PLENTY).astype(np.float64)[:, None]
    sales = smooth_expected_sales(mean, _NOISE, stock) * (coming / horizon)[:, None]
    return np.asarray((price * NET - market.unit_cost()[:, None]) * sales)


def busy_days(market: Market, until: Counts) -> Array:
    """How many days like today are left until ``until`` (at least one), by the shoppers that are to come."""
    shoppers, day = market.truth.shoppers, market.day
    reach = np.concatenate([np.zeros((1, shoppers.shape[1])), np.cumsum(shoppers, axis=0)])
    end = np.clip(until, day + 1, len(shoppers))
    total = reach[end, np.arange(shoppers.shape[1])] - reach[day]
    return np.asarray(np.maximum(total / shoppers[day], 1.0))


def pull_after_answers(market: Market, price: Array) -> Array:
    """The rivals' pull once followers have answered each candidate price: items x candidates x nodes."""
    truth, tastes = market.truth, market.truth.tastes
    present = truth.rivals.in_stock[market.day]
    others = tastes.pull(market.standing, present & ~truth.rivals.follows)
    item, rival = np.nonzero(truth.rivals.follows & present)
    ceiling = truth.rivals.price[market.day][item, rival].astype(np.float64)[:, None]
    floor = np.minimum(truth.rivals.floor[item, rival][:, None] * ceiling, ceiling)
    answer = np.clip(0.99 * price[item], floor, ceiling)
    pulls = tastes.pull_of(item, rival, answer)
    total = np.repeat(others[:, None, :], price.shape[1], axis=1)
    if len(item):
        starts = np.flatnonzero(np.concatenate([[True], item[1:] != item[:-1]]))
        total[item[starts]] += np.add.reduceat(pulls, starts, axis=0)
    return np.asarray(total)


class Oracle:
    """The best price of each day between two thirds and one and a half of the present one, whatever it was before."""

    _STEPS = np.exp(np.linspace(-0.35, 0.35, 57))

    def decide(self, morning: Morning, market: Market) -> Counts:
        """Never below the floor."""
        anchor = market.truth.tastes.worth
        candidates = np.round(anchor[:, None] * self._STEPS)
        floor = floor_of(market.truth.cost[morning.day])
        candidates = np.maximum(candidates, np.where(market.truth.cost_known, floor, 1)[:, None])
        best = np.argmax(outlook(market, candidates), axis=1)
        return candidates[np.arange(len(best)), best].astype(np.int64)


class GuardedOracle:
    """The same knowledge inside guardrails: steps of 8 %, a week between changes, whole riyals, no unknown cost.

    A price below its floor is corrected at once, as the engine has to. A change is made for the smallest gain.
    """

    def __init__(self, step: float = 0.08, dwell: int = 7, candidates: int = 25) -> None:
        self._dwell = dwell
        self._steps = np.linspace(-step, step, candidates)
        self._step = step

    def decide(self, morning: Morning, market: Market) -> Counts:
        """The best price in reach, for items that may move."""
        price = morning.price.astype(np.float64)[:, None]
        unit = np.where(price < 20_00, 50.0, 100.0)
        candidates = np.round(price * (1 + self._steps) / unit) * unit
        low, high = np.ceil(price * (1 - self._step)), np.floor(price * (1 + self._step))
        candidates = np.where((candidates < low) | (candidates > high), price, candidates)
        floor = floor_of(np.maximum(morning.cost, 0))[:, None]
        lawful = np.ceil(floor / unit) * unit
        candidates = np.where(candidates < floor, np.maximum(price, lawful), candidates)
        value = outlook(market, np.concatenate([price, candidates], axis=1))
        best = np.argmax(value[:, 1:], axis=1)
        rows = np.arange(len(best))
        moves = (value[rows, best + 1] > value[:, 0]) & (morning.day - morning.changed_on >= self._dwell)
        below = morning.price < floor[:, 0]
        wanted = np.where(moves | below, candidates[rows, best].astype(np.int64), morning.price)
        wanted = np.where(below, np.maximum(wanted, lawful[:, 0].astype(np.int64)), wanted)
        return np.where((morning.cost >= 0) & morning.selling, wanted, morning.price)
