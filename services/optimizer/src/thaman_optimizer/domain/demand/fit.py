"""Learn everything from a panel of weeks: three empirical-Bayes passes (pricing.md 1.1)."""

from dataclasses import dataclass

import numpy as np

from thaman_optimizer.domain.demand.detmath import Floats, exp, log
from thaman_optimizer.domain.demand.panel import Ints, Panel
from thaman_optimizer.domain.demand.pooling import Hyper, initial, learn
from thaman_optimizer.domain.demand.priors import PRIORS, Priors
from thaman_optimizer.domain.demand.state import CROSS, ELASTICITY, DemandState
from thaman_optimizer.domain.demand.week import Design, Filter, Surprise, design_of, settle


@dataclass(frozen=True, slots=True)
class _Levels:
    """Prior of items' log levels: mean and variance by category (C,)."""

    mean: Floats
    variance: Floats


class _Noise:
    """Collects forecast errors until dispersion and clustering can be estimated by moments."""

    def __init__(self, count: int) -> None:
        self._sums = np.zeros((3, count))

    def add(self, missed: Surprise) -> None:
        """One week's errors, weighted so that neither slow nor fast sellers rule."""
        weight = 1.0 / (1.0 + missed.forecast)
        even = missed.forecast * weight
        excess = (missed.squared - missed.uncertainty) * weight
        self._sums[0] += excess
        self._sums[1] += even
        self._sums[2] += even * missed.forecast

    def estimate(self, category: Ints, categories: int, priors: Priors) -> tuple[Floats, Floats]:
        """Dispersion and clustering of each category, shrunk to the prior's."""
        excess, even, square = (np.bincount(category, weights=row, minlength=categories) for row in self._sums)
        held = priors.dispersion_pseudo
        clustering = np.full(categories, priors.clustering)
        dispersion = (excess - clustering * square + held * priors.dispersion) / (even + held)
        return np.minimum(np.maximum(dispersion, 0.7), 6.0), clustering


def fit(panel: Panel, priors: Priors = PRIORS) -> DemandState:
    """The demand state after all weeks of the panel.

    Products never seen in stock keep their category's prior. The result does not depend on how the panel was put
    together, because its products are in the order of their ids.
    """
    count, categories = len(panel.product_ids), _categories(panel)
    own_mean, reference_mean = _mean_prices(panel)
    designs = [
        design_of(panel.week(w), own_mean, reference_mean, panel.category, categories, priors)
        for w in range(panel.weeks)
    ]
    sales, seen = _totals(designs, count)
    levels = _levels(panel.category, categories, sales, seen, priors)
    covariates = _covariates(panel, own_mean, reference_mean, priors)
    hypers = (initial(priors.elasticity, categories), initial(priors.cross, categories))
    dispersion, clustering = np.full(categories, priors.dispersion), np.full(categories, priors.clustering)
    store, effect, lasting = 0.0, np.zeros(categories), np.zeros(categories)
    for turn in range(priors.passes):
        theta, covariance = _start(panel.category, levels, hypers, covariates)
        filtering, noise = Filter(panel.category, dispersion, clustering, priors), _Noise(count)
        last = turn == priors.passes - 1
        for design in designs:
            store, effect, missed = filtering.advance(theta, covariance, design, surprise=not last)
            if missed is not None:
                noise.add(missed)
            if last:
                settle(lasting, store, effect, priors)
        if not last:
            hypers = _learn(panel.category, covariates, hypers, theta, covariance, priors)
            dispersion, clustering = noise.estimate(panel.category, categories, priors)
    return DemandState(
        product_ids=panel.product_ids,
        category=panel.category,
        theta=theta,
        covariance=covariance,
        own_mean=own_mean,
        reference_mean=reference_mean,
        sales=sales,
        seen=seen,
        dispersion=dispersion,
        clustering=clustering,
        means=np.stack([hyper.means for hyper in hypers]),
        deviations=np.stack([hyper.deviations for hyper in hypers]),
        covariates=np.stack([hyper.covariates for hyper in hypers]),
        store_effect=np.array(store),
        category_effect=effect,
        lasting_effect=lasting,
    )


def _categories(panel: Panel) -> int:
    return int(panel.category.max()) + 1 if len(panel.category) else 1


def _learn(
    category: Ints, covariates: Floats, hypers: tuple[Hyper, Hyper], theta: Floats, covariance: Floats, priors: Priors
) -> tuple[Hyper, Hyper]:
    elasticity, cross = hypers
    return (
        learn(priors.elasticity, elasticity, category, covariates, theta[ELASTICITY], covariance[3]),
        learn(priors.cross, cross, category, covariates, theta[CROSS], covariance[5]),
    )


def _mean_prices(panel: Panel) -> tuple[Floats, Floats]:
    """Mean own price over weeks in stock, mean reference (geometric would need logs of every week); NaN = none.

    Week by week: sums over weeks run from the first to the last, and one week fits into the processor's cache.
    """
    paid, weight, asked, weeks = np.zeros((4, len(panel.product_ids)))
    for price, share, reference in zip(panel.price, panel.share, panel.reference, strict=True):
        usable = (price > 0.0) & (share > 0.0)
        shown = np.where(usable, share, 0.0)
        paid += np.where(usable, price, 0.0) * shown
        weight += shown
        known = reference > 0.0
        asked += np.where(known, reference, 0.0)
        weeks += known
    with np.errstate(invalid="ignore", divide="ignore"):
        return paid / weight, asked / weeks


def _totals(designs: list[Design], count: int) -> tuple[Floats, Floats]:
    sales, seen = np.zeros(count), np.zeros(count)
    for design in designs:
        sales += design.units
        seen += design.share
    return sales, seen


def _levels(category: Ints, categories: int, sales: Floats, seen: Floats, priors: Priors) -> _Levels:
    """Categories' mean log sales rate and how far items lie from it, by moments of over-dispersed counts."""
    sold = np.bincount(category, weights=sales, minlength=categories)
    weeks = np.bincount(category, weights=seen, minlength=categories)
    store = np.bincount(np.zeros(categories, dtype=np.int64), weights=sold)[0] + 0.5
    store /= np.bincount(np.zeros(categories, dtype=np.int64), weights=weeks)[0] + 1.0
    rate = (sold + 4.0 * store) / (weeks + 4.0)
    expected = seen * rate[category]
    excess = (sales - expected) ** 2 - expected * priors.dispersion
    squares = np.bincount(category, weights=expected * expected, minlength=categories)
    held = priors.level_pseudo_items * squares / np.maximum(np.bincount(category, minlength=categories), 1)
    target = exp(np.array([priors.level_sd * priors.level_sd]))[0] - 1.0
    ratio = np.bincount(category, weights=excess, minlength=categories) + held * target
    relative = np.maximum(ratio / np.maximum(squares + held, 1e-9), 0.1)
    variance = np.minimum(log(1.0 + relative), 4.0)
    return _Levels(log(rate) - variance * 0.5, variance)


def _covariates(panel: Panel, own_mean: Floats, reference_mean: Floats, priors: Priors) -> Floats:
    """Market mark-up and own position against the market, relative to the category; 0 where unknown. Shape (2, n)."""
    market = _apart(panel, reference_mean, panel.cost, priors)
    position = _apart(panel, own_mean, reference_mean, priors)
    # Without rivals the own mark-up has to stand in for the position; it says less, as a merchant may have reasons.
    alone = priors.cost_position * _apart(panel, own_mean, np.where(reference_mean > 0.0, np.nan, panel.cost), priors)
    return np.stack([market, position + alone + _without_rivals(panel, reference_mean, priors)])


def _without_rivals(panel: Panel, reference_mean: Floats, priors: Priors) -> Floats:
    """The position of products whose shoppers have nothing to compare them with, less its mean in the category."""
    categories = _categories(panel)
    lonely = np.where(reference_mean > 0.0, 0.0, priors.alone_position)
    counts = np.maximum(np.bincount(panel.category, minlength=categories), 1)
    center = np.bincount(panel.category, weights=lonely, minlength=categories) / counts
    result: Floats = lonely - center[panel.category]
    return result


def _apart(panel: Panel, upper: Floats, lower: Floats, priors: Priors) -> Floats:
    """log(upper / lower) less its mean in the category, scaled; 0 where either is unknown."""
    result = np.zeros(len(panel.product_ids))
    known = np.flatnonzero((upper > 0.0) & (lower > 0.0))
    groups, categories = panel.category[known], _categories(panel)
    ratio = log(upper[known] / lower[known])
    counts = np.bincount(groups, minlength=categories)
    center = np.bincount(groups, weights=ratio, minlength=categories) / np.maximum(counts, 1)
    scaled = (ratio - center[groups]) / priors.covariate_scale
    result[known] = np.clip(scaled, -priors.covariate_reach, priors.covariate_reach)
    return result


def _start(category: Ints, levels: _Levels, hypers: tuple[Hyper, Hyper], covariates: Floats) -> tuple[Floats, Floats]:
    theta, covariance = np.zeros((3, len(category))), np.zeros((6, len(category)))
    theta[0], covariance[0] = levels.mean[category], levels.variance[category]
    for row, place, hyper in ((ELASTICITY, 3, hypers[0]), (CROSS, 5, hypers[1])):
        theta[row] = hyper.of_items(category, covariates)
        covariance[place] = (hyper.deviations * hyper.deviations)[category]
    return theta, covariance
