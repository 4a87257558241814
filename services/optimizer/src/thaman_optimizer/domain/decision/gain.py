"""What a price is expected to earn in a week, how sure that is, and the difference to the present price.

Demand is log-normal around the model's forecast, so mean, standard deviation and probability of the difference are
closed forms (pricing.md 1.3); nothing is sampled.
"""

from dataclasses import dataclass

import numpy as np

from thaman_contracts.money import BP_ONE
from thaman_optimizer.domain.decision.columns import Columns, Flags
from thaman_optimizer.domain.decision.rules import DecisionPolicy
from thaman_optimizer.domain.demand.detmath import Floats, exp, expm1, log, log_one, normal, normal_cdf
from thaman_optimizer.domain.demand.panel import Ints
from thaman_optimizer.domain.demand.priors import PRIORS, Priors
from thaman_optimizer.domain.demand.state import DemandState

_MOST_VARIANCE = 4.0
"""Log variances beyond this say "no idea" and would only make means explode."""

_SALVAGE_SHARE = 0.5
"""What an unsold unit is assumed to bring where nobody said, as a share of its cost."""

_SHORTEST = 1.0 / 7.0
_NORMAL_90 = 1.2815515655446004


@dataclass(frozen=True, slots=True)
class Belief:
    """Log demand of n products as a function of relative price x: mean ``level - slope x``, variance
    ``spread - 2 lean x + bend x²``; all (n, 1)."""

    own_mean: Floats
    level: Floats
    slope: Floats
    spread: Floats
    lean: Floats
    bend: Floats


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What each candidate earns against the present price; shape (n, candidates), halalas a week."""

    mean: Floats
    deviation: Floats


@dataclass(frozen=True, slots=True)
class _Evaluated:
    """Prices under a belief: relative price, unit profit, expected weekly sales, and the variance of log sales.

    ``reach`` is the share of demand's relative change that reaches sales, of the products whose stock limits them; of
    all others all of it does.
    """

    x: Floats
    unit: Floats
    sales: Floats
    variance: Floats
    reach: Floats


class Evaluation:
    """Evaluates the candidates (n, m) of a block of products against their present prices."""

    def __init__(
        self, columns: Columns, state: DemandState, prices: Ints, policy: DecisionPolicy, priors: Priors = PRIORS
    ) -> None:
        self._belief = belief_of(columns, state, priors)
        self._stretch = policy.interval_stretch
        self._net = np.float64((BP_ONE - policy.fee_bp) / (BP_ONE + policy.vat_bp))
        limited = limited_in(columns)
        self._limited = np.flatnonzero(limited)
        self._weeks = np.maximum(columns.weeks_left, _SHORTEST)[:, None]
        self._stock = np.maximum(columns.stock, 0.0)[:, None]
        self._noise = state.dispersion[state.category][:, None]
        salvage = np.where(np.isnan(columns.salvage), columns.cost * _SALVAGE_SHARE, columns.salvage)
        # A unit in limited stock is paid for already; selling it costs what it would bring later.
        self._worth = np.where(limited, salvage, columns.cost)[:, None]
        now = columns.price[:, None].astype(np.float64)
        self._now = self._evaluate(now)
        self._new = self._evaluate(prices.astype(np.float64))
        self._common = self._covariance()

    def outcomes(self) -> Outcomes:
        """Mean and standard deviation of the weekly profit change of every candidate (n, m)."""
        new, now = self._new, self._now
        earned, before = new.unit * new.sales, now.unit * now.sales
        spread = earned * earned
        spread *= expm1(new.variance)
        spread += before * before * expm1(now.variance)
        shared = 2.0 * earned
        shared *= before
        shared *= expm1(self._common)
        spread -= shared
        spread.clip(0.0, np.inf, out=spread)
        earned -= before
        return Outcomes(earned, np.sqrt(spread, out=spread))

    def probability(self, column: Ints, where: Flags | None = None) -> Floats:
        """Probability that the candidate ``column`` (n,) earns more than the present price; 0 outside of ``where``."""
        rows = np.arange(len(column)) if where is None else np.flatnonzero(where)
        places = self._places(column)[rows]
        unit, sales, variance = (a.take(places) for a in (self._new.unit, self._new.sales, self._new.variance))
        unit_now, sales_now, variance_now = (a[rows, 0] for a in (self._now.unit, self._now.sales, self._now.variance))
        both = (unit > 0.0) & (unit_now > 0.0)
        ratio = np.where(both, unit, 1.0) * sales / (np.where(both, unit_now, 1.0) * sales_now)
        apart = variance + variance_now - 2.0 * self._common.take(places)
        z = log(ratio) / np.sqrt(np.maximum(apart, 1e-12))
        sure = (unit > unit_now).astype(np.float64)
        result = np.zeros(len(column))
        result[rows] = np.where(both, normal_cdf(np.clip(z, -9.0, 9.0)), sure)
        return result

    def sales(self, column: Ints) -> Floats:
        """Expected weekly sales at the candidate ``column`` (n,)."""
        return self._new.sales.take(self._places(column))

    def sales_now(self) -> Floats:
        """Expected weekly sales at the present prices (n,)."""
        return self._now.sales[:, 0]

    def profit_now(self) -> Floats:
        """Expected weekly profit at the present prices (n,); for limited stock above what it is worth later."""
        return (self._now.unit * self._now.sales)[:, 0]

    def interval(self, mean: Floats, deviation: Floats) -> tuple[Floats, Floats]:
        """The 80 % interval of a change, widened because the demand curve is only a likeness."""
        half = _NORMAL_90 * self._stretch * deviation
        return mean - half, mean + half

    def _evaluate(self, prices: Floats) -> _Evaluated:
        belief = self._belief
        x = prices / belief.own_mean
        x -= 1.0
        variance = _variance(belief, x, x)
        # By how much means lie above medians is in the effects, for every candidate alike. Half of each one's variance
        # on top would count it twice, and pay candidates for being uncertain, most of all those far from known prices.
        demand = exp(belief.level - belief.slope * x)
        unit = prices * self._net
        unit -= self._worth
        rows = self._limited
        demand[rows], reach = self._limited_sales(demand[rows], variance[rows], rows)
        variance[rows] *= reach * reach
        return _Evaluated(x, unit, demand, variance, reach)

    def _covariance(self) -> Floats:
        """Covariance of log sales at every candidate and at the present price (n, m)."""
        new, now = self._new, self._now
        covariance = _variance(self._belief, new.x, now.x)
        covariance[self._limited] *= new.reach * now.reach
        return covariance

    def _places(self, column: Ints) -> Ints:
        """Where the candidates ``column`` (n,) lie in (n, m) arrays as they are in memory."""
        count, width = self._new.sales.shape
        places: Ints = np.arange(count) * width + column
        return places

    def _limited_sales(self, demand: Floats, variance: Floats, rows: Ints) -> tuple[Floats, Floats]:
        """Weekly E[min(D, S)] over the weeks left for normal D, and how much of D's relative change reaches it."""
        weeks, stock = self._weeks[rows], self._stock[rows]
        total = demand * weeks
        deviation = np.sqrt(total * self._noise[rows] + total * total * expm1(variance)) + 1e-9
        below, density = normal(np.clip((stock - total) / deviation, -9.0, 9.0))
        sold = total * below + stock * (1.0 - below) - deviation * density
        sold = np.minimum(np.maximum(sold, 1e-9), np.minimum(total, stock) + 1e-9)
        return sold / weeks, np.minimum(below * total / sold, 1.0)


def belief_of(columns: Columns, state: DemandState, priors: Priors) -> Belief:
    """What the state says of demand under the present market."""
    theta, (c00, c01, c02, c11, c12, c22) = state.theta, state.covariance
    seen = (columns.reference > 0.0) & (state.reference_mean > 0.0)
    # The logarithm of one is exactly zero.
    ratio = np.where(seen, columns.reference, 1.0) / np.where(seen, state.reference_mean, 1.0)
    z = log(ratio).clip(-priors.reference_reach, priors.reference_reach)
    lasting, passing = state.effects()
    effect = lasting + passing * _remembered(columns, priors)
    drift = priors.drift_sd * priors.drift_sd * columns.weeks_ahead
    own_mean = np.where(state.own_mean > 0.0, state.own_mean, columns.price)
    return Belief(
        own_mean=own_mean[:, None],
        level=(theta[0] + effect + theta[2] * z)[:, None],
        slope=theta[1][:, None],
        spread=(c00 + drift + 2.0 * z * c02 + z * z * c22)[:, None],
        lean=(c01 + z * c12)[:, None],
        bend=c11[:, None],
    )


def _remembered(columns: Columns, priors: Priors) -> Floats:
    """The share of the last week's effect that is expected on average in the next one, or in the weeks that a limited
    stock has left: of ``m, m², m³ ...`` the mean."""
    memory = priors.effect_memory
    weeks = np.where(limited_in(columns), np.maximum(columns.weeks_left, 1.0), 1.0)
    faded = exp(weeks * log_one(memory)) if memory > 0.0 else np.zeros(len(weeks))
    return memory * (1.0 - faded) / ((1.0 - memory) * weeks)


def limited_in(columns: Columns) -> Flags:
    """Which products have only their stock to sell until their season ends."""
    return ~np.isnan(columns.weeks_left) & ~np.isnan(columns.stock)


def _variance(belief: Belief, one: Floats, other: Floats) -> Floats:
    """Covariance of log demand at two relative prices."""
    covariance = one + other
    covariance *= belief.lean
    np.subtract(belief.spread, covariance, out=covariance)
    curved = one * other
    curved *= belief.bend
    covariance += curved
    covariance.clip(-_MOST_VARIANCE, _MOST_VARIANCE, out=covariance)
    return covariance
