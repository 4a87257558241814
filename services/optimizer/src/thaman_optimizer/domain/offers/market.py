"""The reference price: a weighted median of fit offers after the outliers are cut (pricing.md 1.2).

Weights are rounded to whole numbers once, so that sums do not depend on the order of offers; medians compare whole
halalas. Equal halves give the lower price, so that a doubt never raises a price.
"""

from dataclasses import dataclass

import numpy as np

from thaman_optimizer.domain.demand.detmath import Floats, exp, log
from thaman_optimizer.domain.demand.panel import Ints
from thaman_optimizer.domain.offers.columns import OfferColumns
from thaman_optimizer.domain.offers.rules import OFFER_RULES, OfferRules

WEIGHT_ONE = 1 << 20
"""The weight of one fresh, certain offer."""

_PRICE_BITS = 34
_RATIO_ONE = 1 << 24
_LN2 = 0.6931471805599453


@dataclass(frozen=True, slots=True)
class Market:
    """What the market says of n products.

    ``reference`` (n,) halalas, NaN where there is none. ``weight`` (n,): combined weight of the offers used, 1 = one
    fresh and certain offer. ``fit`` and ``used`` (n,): offers before and after the outlier cut. ``kept_product``,
    ``kept_price`` and ``kept_offer`` (place in the offer columns) list the used offers, cheapest first in a product.
    """

    reference: Floats
    weight: Floats
    fit: Ints
    used: Ints
    kept_product: Ints
    kept_price: Ints
    kept_offer: Ints


@dataclass(frozen=True, slots=True)
class _Fit:
    """Fit offers, cheapest first within their product."""

    product: Ints
    price: Ints
    weight: Ints
    offer: Ints

    def only(self, which: Ints) -> "_Fit":
        return _Fit(self.product[which], self.price[which], self.weight[which], self.offer[which])


def read_market(offers: OfferColumns, own_median: Floats, rules: OfferRules = OFFER_RULES) -> Market:
    """The reference of every product; ``own_median`` (n,) is its own price of the last 90 days in halalas."""
    count = offers.products
    fit = _fit_offers(offers, own_median, rules)
    median = _medians(fit.product, fit.price, fit.weight, count)
    used = fit.only(np.flatnonzero(_ratios(fit, median) <= _limits(fit, median, count, rules)[fit.product]))
    weight = np.bincount(used.product, weights=used.weight.astype(np.float64), minlength=count) / WEIGHT_ONE
    reference = _medians(used.product, used.price, used.weight, count).astype(np.float64)
    reference[weight < rules.min_weight] = np.nan
    return Market(
        reference=reference,
        weight=weight,
        fit=np.bincount(fit.product, minlength=count),
        used=np.bincount(used.product, minlength=count),
        kept_product=used.product,
        kept_price=used.price,
        kept_offer=used.offer,
    )


def _fit_offers(offers: OfferColumns, own_median: Floats, rules: OfferRules) -> _Fit:
    product = np.repeat(np.arange(offers.products), np.diff(offers.starts))
    own = own_median[product]
    price = offers.price.astype(np.float64)
    usable = (
        (offers.in_stock != 0)
        & (offers.price > 0)
        & (offers.confidence_bp >= rules.min_confidence_bp)
        & (offers.age_days <= rules.max_age_days)
        & (offers.age_days >= -rules.future_days)
        & (price <= own * rules.neighbourhood)
        & (price * rules.neighbourhood >= own)
    )
    which = np.flatnonzero(usable)
    confidence = offers.confidence_bp[which] * 1e-4
    age = np.maximum(offers.age_days[which], 0.0)
    weight = confidence * confidence * exp(age * (-_LN2 / rules.half_life_days)) * WEIGHT_ONE
    found = _Fit(product[which], offers.price[which], np.rint(weight).astype(np.int64), which)
    return found.only(np.argsort((found.product << _PRICE_BITS) | found.price))


def _medians(product: Ints, value: Ints, weight: Ints, count: int) -> Ints:
    """The weighted median of each product's values, which come in rising order; 0 where there are none."""
    result = np.zeros(count, dtype=np.int64)
    if not len(product):
        return result
    running = np.cumsum(weight)
    total = np.bincount(product, weights=weight.astype(np.float64), minlength=count).astype(np.int64)
    before = np.concatenate(([0], np.cumsum(total)))[:-1]
    reached = 2 * (running - before[product]) >= total[product]
    first = np.flatnonzero(reached & np.concatenate(([True], ~reached[:-1] | (product[1:] != product[:-1]))))
    result[product[first]] = value[first]
    return result


def _ratios(fit: _Fit, median: Ints) -> Ints:
    """How far each offer lies from its product's median, as a fixed-point ratio of at least one."""
    middle = median[fit.product]
    low, high = np.minimum(fit.price, middle), np.maximum(fit.price, middle)
    ratio: Ints = (high << 24) // np.maximum(low, 1)
    return ratio


def _limits(fit: _Fit, median: Ints, count: int, rules: OfferRules) -> Ints:
    """The largest ratio to the median that is not an outlier: scaled median deviation, clipped both ways."""
    ratios = _ratios(fit, median)
    order = np.argsort((fit.product << _PRICE_BITS) | np.minimum(ratios, (1 << _PRICE_BITS) - 1))
    typical = _medians(fit.product[order], ratios[order], fit.weight[order], count)
    spread = log(np.maximum(typical, _RATIO_ONE) / float(_RATIO_ONE)) * rules.outlier_deviations
    limit = np.minimum(np.maximum(exp(spread), rules.outlier_least), rules.outlier_most)
    # A hair of room, so that a price of exactly the permitted ratio is not lost to rounding.
    bound: Ints = np.ceil(limit * _RATIO_ONE).astype(np.int64)
    return bound
