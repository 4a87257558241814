"""Empirical Bayes: what the products of a category, and the categories of a store, have in common (pricing.md 1.1)."""

from dataclasses import dataclass

import numpy as np

from thaman_optimizer.domain.demand.detmath import Floats
from thaman_optimizer.domain.demand.panel import Ints
from thaman_optimizer.domain.demand.priors import Pooled

_CAUTION = 1.5
"""Items' variances are stated with tempered dispersion, so they are so much wider than the noise in their values."""

_NARROWEST, _WIDEST = 0.6, 1.6
"""How far data may move the deviation between items from its prior, as factors."""


@dataclass(frozen=True, slots=True)
class Hyper:
    """Pooled belief about one coefficient: category means and deviations (C,) and covariate coefficients (2,)."""

    means: Floats
    deviations: Floats
    covariates: Floats

    def of_items(self, category: Ints, covariates: Floats) -> Floats:
        """The prior mean of every item; ``covariates`` has shape (2, n)."""
        result: Floats = self.means[category] + self.covariates[0] * covariates[0] + self.covariates[1] * covariates[1]
        return result


def initial(prior: Pooled, categories: int) -> Hyper:
    """The belief before any sale."""
    return Hyper(np.full(categories, prior.mean), np.full(categories, prior.item_sd), np.array(prior.covariate_means))


def learn(prior: Pooled, hyper: Hyper, category: Ints, covariates: Floats, value: Floats, variance: Floats) -> Hyper:
    """Better hyperparameters from the items' posteriors ``value`` and ``variance`` (n,) under ``hyper``.

    Each item's own evidence is its posterior less its prior: precision ``1/variance - 1/tau²``, which is zero where
    nothing was learned, so such items weigh nothing.
    """
    count = len(hyper.means)
    spread = hyper.deviations * hyper.deviations
    tau2 = spread[category]
    center = hyper.of_items(category, covariates)
    information = np.maximum(1.0 / variance - 1.0 / tau2, 0.0)
    shrinkage = 1.0 / (1.0 + tau2 * information)
    weight = information * shrinkage
    # information x (own estimate), which stays finite where the estimate itself does not.
    evidence = np.where(information > 0.0, (value - center) / variance + information * center, 0.0) * shrinkage
    slopes = _slopes(prior, hyper, category, covariates, weight, evidence)
    explained = slopes[0] * covariates[0] + slopes[1] * covariates[1]
    means = _means(prior, category, count, weight, evidence - weight * explained)
    usual = prior.item_sd * (means / prior.mean if prior.proportional else np.ones(count))
    deviations = _deviations(usual, prior, category, tau2, weight, evidence, means[category] + explained)
    return Hyper(means, deviations, slopes)


def _deviations(
    usual: Floats, prior: Pooled, category: Ints, tau2: Floats, weight: Floats, evidence: Floats, center: Floats
) -> Floats:
    """Items' deviation in each category by moments: shrunk distances less what noise alone would show.

    ``usual`` (C,) is the deviation that is believed in before.
    """
    count = len(usual)
    apart = tau2 * (evidence - weight * center)
    trust = tau2 * weight
    noise = tau2 * trust * (1.0 - trust) * (1.0 / _CAUTION)
    squares = np.bincount(category, weights=apart * apart - noise, minlength=count)
    learned = np.bincount(category, weights=trust * trust, minlength=count)
    held = prior.pseudo_items
    spread = (squares + held * usual * usual) / (learned + held)
    deviations = np.sqrt(np.maximum(spread, 0.0))
    return np.minimum(np.maximum(deviations, usual * _NARROWEST), usual * _WIDEST)


def _means(prior: Pooled, category: Ints, count: int, weight: Floats, evidence: Floats) -> Floats:
    """Category means, shrunk to the store's, which is shrunk to the prior's."""
    between = prior.category_sd * prior.category_sd
    weights = np.bincount(category, weights=weight, minlength=count)
    sums = np.bincount(category, weights=evidence, minlength=count)
    damped = 1.0 / (1.0 + between * weights)
    zeros = np.zeros(count, dtype=np.int64)
    held = 1.0 / (prior.store_sd * prior.store_sd)
    top = np.bincount(zeros, weights=sums * damped, minlength=1)[0] + held * prior.mean
    bottom = np.bincount(zeros, weights=weights * damped, minlength=1)[0] + held
    store = top / bottom
    result: Floats = (sums + store / between) / (weights + 1.0 / between)
    return result


def _slopes(
    prior: Pooled, hyper: Hyper, category: Ints, covariates: Floats, weight: Floats, evidence: Floats
) -> Floats:
    """Ridge regression of items' own estimates on two covariates, around the present category means and priors."""
    first, second = covariates
    rest = evidence - weight * hyper.means[category]
    ridge = 1.0 / (prior.covariate_sd * prior.covariate_sd)
    a, b, c = (_total(weight * u) for u in (first * first, first * second, second * second))
    expected = prior.covariate_means
    top, bottom = _total(rest * first) + ridge * expected[0], _total(rest * second) + ridge * expected[1]
    a, c = a + ridge, c + ridge
    determinant = a * c - b * b
    return np.array([(c * top - b * bottom) / determinant, (a * bottom - b * top) / determinant])


def _total(values: Floats) -> float:
    """Sum in the order of the array."""
    return float(np.bincount(np.zeros(len(values), dtype=np.int64), weights=values, minlength=1)[0])
