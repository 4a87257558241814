"""Panels and decision columns made up at random, for what is tested below the records.

Made with the engine's own exp, so that every processor makes the same ones.
"""

import numpy as np

from thaman_optimizer.domain.decision import Columns, DecisionPolicy, draws, floor_prices, identity, impute_costs
from thaman_optimizer.domain.demand import Panel
from thaman_optimizer.domain.demand.detmath import Floats, exp, log

CATEGORIES = 4


def panel(count: int, *, weeks: int = 20, seed: int = 2, elasticity: float = 3.3, rate: float = 1.2) -> Panel:
    """Weeks of a store whose shoppers answer with roughly this elasticity; ``truth`` knows the exact ones."""
    random = np.random.default_rng(seed)
    base = np.rint(exp(random.normal(9.0, 0.7, count)))
    steps = exp(random.normal(0, 0.06, (weeks // 4 + 1, count)))
    price = np.rint(base * np.repeat(steps, 4, axis=0)[:weeks])
    level = log(np.array(rate)) + random.normal(0, 0.8, count)
    own = truth(count, elasticity=elasticity, seed=seed)
    mean = exp(level - own * (price / base - 1.0))
    reference = np.rint(base * exp(random.normal(0, 0.05, (weeks, count))))
    reference[:, random.random(count) < 0.2] = np.nan
    return Panel(
        product_ids=tuple(f"p{index:06d}" for index in range(count)),
        category=random.integers(0, CATEGORIES, count),
        cost=np.where(random.random(count) < 0.1, np.nan, np.rint(base / 1.15 / 1.5)),
        units=random.poisson(mean).astype(np.float64),
        price=price,
        share=np.where(random.random((weeks, count)) < 0.9, 1.0, 0.0),
        reference=reference,
    )


def truth(count: int, *, elasticity: float = 3.3, seed: int = 2) -> Floats:
    """The elasticities that :func:`panel` sells by."""
    return np.maximum(np.random.default_rng([seed, 9]).normal(elasticity, 0.8, count), 0.3)


def columns(weeks: Panel, policy: DecisionPolicy, *, seed: int = 5) -> Columns:
    """A morning of that store."""
    random = np.random.default_rng(seed)
    count = len(weeks.product_ids)
    price = np.maximum(np.rint(weeks.price[-1]).astype(np.int64), 1)
    known = ~np.isnan(weeks.cost)
    ends = random.random(count) < 0.12
    return Columns(
        price=price,
        cost=impute_costs(weeks.cost, price, weeks.category, policy.vat_bp),
        cost_known=known,
        floor=floor_prices(np.where(known, weeks.cost, 0.0).astype(np.int64), known, policy),
        stock=random.integers(0, 50, count).astype(np.float64),
        weeks_left=np.where(ends, random.uniform(0.2, 8.0, count), np.nan),
        salvage=np.where(ends, price * 0.2, np.nan),
        days_since_change=random.uniform(0, 60, count),
        own_median=price,
        reference=weeks.reference[-1],
        reference_weight=np.where(np.isnan(weeks.reference[-1]), 0.0, 3.0),
        braked=random.random(count) < 0.05,
        locked=random.random(count) < 0.05,
        resting=np.zeros(count, dtype=np.bool_),
        target=np.full(count, np.nan),
        fixed=np.zeros(count, dtype=np.bool_),
        draw=draws(identity(weeks.product_ids), 7),
        weeks_ahead=np.ones(count),
    )
