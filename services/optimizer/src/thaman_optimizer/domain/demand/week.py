"""One more week: the dynamic part of the demand model (pricing.md 1.1).

``log lam = log share + s[w] + s[c,w] + level - elasticity (p/own_mean - 1) + cross clip(log(r/reference_mean))``;
levels walk at random, store and category effects are shrunk, and every product is updated along its one observed
direction by a few Newton steps on its quasi-likelihood.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from thaman_optimizer.domain.demand.detmath import Floats, exp, exp_one, log, log_one
from thaman_optimizer.domain.demand.panel import Ints, WeekColumns
from thaman_optimizer.domain.demand.priors import PRIORS, Priors
from thaman_optimizer.domain.demand.state import DemandState

_NEWTON_STEPS = 3
_FARTHEST = 3.0
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Design:
    """A week as the model sees it: ``share`` (0 = no information), price and reference relative to their means.

    ``sold`` (C,) are the units of each category.
    """

    units: Floats
    share: Floats
    x: Floats
    z: Floats
    sold: Floats


@dataclass(frozen=True, slots=True)
class Surprise:
    """What the week's forecast missed: squared error, forecast and the part of the variance that is not noise."""

    squared: Floats
    forecast: Floats
    uncertainty: Floats


def design_of(
    week: WeekColumns, own_mean: Floats, reference_mean: Floats, category: Ints, categories: int, priors: Priors
) -> Design:
    """Relative price and reference; what is unknown is taken at its mean, an unseen week carries nothing."""
    with np.errstate(invalid="ignore", divide="ignore"):
        x = week.price / own_mean - 1.0
        ratio = week.reference / reference_mean
    known = ~np.isnan(x)
    share = np.where(known, week.share, 0.0)
    x[~known] = 0.0
    # The logarithm of one is exactly zero.
    z = log(np.where((week.reference > 0.0) & (reference_mean > 0.0), ratio, 1.0))
    z.clip(-priors.reference_reach, priors.reference_reach, out=z)
    units = np.where(share > 0.0, week.units, 0.0)
    return Design(units, share, x, z, _sums(category, units, categories))


def step(state: DemandState, week: WeekColumns, priors: Priors = PRIORS) -> DemandState:
    """The state after one more week of the same products, in the same order."""
    seen = (week.share > 0.0) & (week.price > 0.0)
    own_mean = np.where(np.isnan(state.own_mean) & seen, week.price, state.own_mean)
    reference_mean = np.where(np.isnan(state.reference_mean), week.reference, state.reference_mean)
    theta, covariance = state.theta.copy(), state.covariance.copy()
    filtering = Filter(state.category, state.dispersion, state.clustering, priors)
    design = design_of(week, own_mean, reference_mean, state.category, len(state.dispersion), priors)
    store, category, _ = filtering.advance(theta, covariance, design)
    lasting = state.lasting_effect.copy()
    settle(lasting, store, category, priors)
    return replace(
        state,
        theta=theta,
        covariance=covariance,
        own_mean=own_mean,
        reference_mean=reference_mean,
        sales=state.sales + design.units,
        seen=state.seen + design.share,
        store_effect=np.array(store),
        category_effect=category,
        lasting_effect=lasting,
    )


def settle(lasting: Floats, store: float, category: Floats, priors: Priors) -> None:
    """Bring what the effects come to in the long run (C,) up to a week, in place."""
    lasting += (store + category - lasting) * priors.effect_span


class Filter:
    """Advances levels, elasticities and cross responses by a week, in place."""

    def __init__(self, category: Ints, dispersion: Floats, clustering: Floats, priors: Priors) -> None:
        self._category = category
        self._categories = len(dispersion)
        self._dispersion = (dispersion * priors.tempering)[category]
        self._clustering = (clustering * priors.tempering)[category]
        self._priors = priors

    def advance(
        self, theta: Floats, covariance: Floats, design: Design, *, surprise: bool = False
    ) -> tuple[float, Floats, Surprise | None]:
        """Update ``theta`` (3, n) and ``covariance`` (6, n); the store's and categories' effects of the week."""
        priors = self._priors
        c00, c01, c02, c11, c12, c22 = covariance
        c00 += priors.drift_sd * priors.drift_sd
        mean = exp(theta[0] - design.x * theta[1] + design.z * theta[2])
        mean *= design.share
        expected = self._by_category(mean)
        x, z = self._apart(design.x, mean, expected), self._apart(design.z, mean, expected)
        along0 = c00 - x * c01 + z * c02
        along1 = c01 - x * c11 + z * c12
        along2 = c02 - x * c12 + z * c22
        variance = along0 - x * along1 + z * along2
        store, category = self._effects(design.sold, expected)
        mean *= self._of_items(exp(store + category))
        rest, spread = design.units - mean, variance * mean
        missed = Surprise(rest * rest, mean, spread * mean) if surprise else None
        gain, move = self._solve(design.units, mean, variance, rest, spread)
        theta[0] += along0 * move
        theta[1] += along1 * move
        theta[2] += along2 * move
        theta[1].clip(priors.elasticity.low, priors.elasticity.high, out=theta[1])
        theta[2].clip(priors.cross.low, priors.cross.high, out=theta[2])
        scaled0, scaled1 = along0 * gain, along1 * gain
        c00 -= scaled0 * along0
        c01 -= scaled0 * along1
        c02 -= scaled0 * along2
        c11 -= scaled1 * along1
        c12 -= scaled1 * along2
        c22 -= along2 * gain * along2
        return store, category, missed

    def _by_category(self, values: Floats) -> Floats:
        return _sums(self._category, values, self._categories)

    def _of_items(self, values: Floats) -> Floats:
        """Each product's value out of its category's; codes are known to be in range, so nothing has to be checked."""
        return values.take(self._category, mode="clip")

    def _apart(self, values: Floats, mean: Floats, expected: Floats) -> Floats:
        """How far each product's move lies from its category's: what all do together its effect has taken already.

        A sale of a whole category says nothing about elasticity, because the season may have done the same.
        """
        total = self._by_category(mean * values)
        common = self._of_items(total / (expected + self._priors.category_pseudo_sales))
        return np.subtract(values, common, out=common)

    def _effects(self, sold: Floats, expected: Floats) -> tuple[float, Floats]:
        """Log effects of the week on the store and on its categories, shrunk by pseudo-sales."""
        priors = self._priors
        total_sold, total_expected = _sum(sold), _sum(expected)
        held = priors.store_pseudo_sales
        store = log_one((total_sold + held) / (total_expected + held))
        lifted = expected * exp_one(store)
        held = priors.category_pseudo_sales
        return store, log((sold + held) / (lifted + held))

    def _solve(
        self, units: Floats, mean: Floats, variance: Floats, rest: Floats, spread: Floats
    ) -> tuple[Floats, Floats]:
        """Newton on ``k = (q - lam e^(vk)) / (phi + nu lam)``: the gain of the covariance update and k.

        ``rest`` is ``q - lam`` and ``spread`` is ``v lam``; both are used up.
        """
        scale = self._clustering * mean
        scale += self._dispersion
        limit = _FARTHEST / (variance + _TINY)
        spread += scale
        move = rest
        move /= spread
        for _ in range(_NEWTON_STEPS - 1):
            np.minimum(move, limit, out=move)
            grown = exp(variance * move)
            grown *= mean
            error = move * scale
            error -= units
            error += grown
            grown *= variance
            grown += scale
            error /= grown
            move -= error
        np.minimum(move, limit, out=move)
        precision = exp(variance * move)
        precision *= mean
        precision /= scale
        return precision / (1.0 + variance * precision), move


def _sums(category: Ints, values: Floats, categories: int) -> Floats:
    """Sums over each category's products, in their order."""
    return np.asarray(np.bincount(category, weights=values, minlength=categories), dtype=np.float64)


def _sum(values: npt.NDArray[Any]) -> float:
    """Sum from the first to the last, whatever numpy would rather do."""
    total = 0.0
    for value in values.tolist():
        total += value
    return total
