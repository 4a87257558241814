"""Runs a policy through the live half year and counts what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.market.market import Market, after_history, sunk
from tests.benchmarks.market.policies import Policy
from tests.benchmarks.market.promises import Promise, Promises
from tests.benchmarks.market.truth import draw
from tests.benchmarks.market.worlds import HISTORY_DAYS, LIVE_DAYS, WEEK, World

Array = NDArray[np.float64]

Maker = Callable[[Market], Policy]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy did in one world and seed. Money in halalas.

    ``violations`` are item-days at a price below the floor with a known cost; ``changes`` are per item and week;
    ``drift`` is the mean log change of own prices from the first to the last day. ``promises`` is empty for policies
    that promise nothing.
    """

    profit: float
    late_profit: float
    violations: int
    changes: float
    drift: float
    promises: Sequence[Promise]


def run(start: Market, make: Maker) -> Outcome:
    """One policy from the first live morning of ``start`` (left as it is) to the last evening."""
    market = start.copy()
    policy = make(market)
    kept = Promises()
    first = market.price.copy()
    profit, late, violations, changes, live_days = -sunk(market.truth), 0.0, 0, 0, 0
    for day in range(HISTORY_DAYS, HISTORY_DAYS + LIVE_DAYS):
        morning = market.open()
        price = policy.decide(morning, market)
        selling = market.selling
        price = np.where(selling, price, market.price)
        kept.weigh(policy, market, price)
        low = (price < market.truth.floor[day]) & market.truth.cost_known & selling
        violations += int(np.sum(low))
        changes += int(np.sum(price != market.price))
        live_days += int(np.sum(selling))
        today = float(np.sum(market.trade(price).profit))
        profit += today
        late += today if day >= HISTORY_DAYS + LIVE_DAYS // 2 else 0.0
    return Outcome(
        profit=profit,
        late_profit=late,
        violations=violations,
        changes=changes / (live_days / WEEK),
        drift=float(np.mean(np.log(market.price / first))),
        promises=kept.all,
    )


def run_all(world: World, seed: int, makers: dict[str, Maker]) -> dict[str, Outcome]:
    """Every policy through the same world and seed, from the same history."""
    start = after_history(draw(world, seed))
    return {name: run(start, make) for name, make in makers.items()}
