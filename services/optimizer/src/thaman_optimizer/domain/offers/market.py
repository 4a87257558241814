"""The reference price: a weighted median of fit offers after the outliers are cut (pricing.md 1.2).

Weights are rounded to whole numbers once, so that sums do not depend on the order of offers; medians compare whole
halalas. Equal halves give the lower price, so that a doubt never raises a price.
"""

from dataclasses import dataclass, fields, replace
from itertools import pairwise

import numpy as np

from thaman_optimizer.domain.demand.detmath import Floats, exp, log
from thaman_optimizer.domain.demand.panel import Ints
from thaman_optimizer.domain.offers.columns import OfferColumns
from thaman_optimizer.domain.offers.rules import OFFER_RULES, OfferRules

WEIGHT_ONE = 1 << 20
"""The weight of one fresh, certain offer."""

_BLOCK = 16_384
"""About so many offers at a time, so that their columns stay in the processor's cache."""
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

    def moved(self, product: int, offer: int) -> "Market":
        """The same where these products and offers are not the first ones."""
        return replace(self, kept_product=self.kept_product + product, kept_offer=self.kept_offer + offer)

    @classmethod
    def joined(cls, parts: "list[Market]") -> "Market":
        """Markets of consecutive products as one."""
        return cls(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)})


@dataclass(frozen=True, slots=True)
class _Fit:
    """Fit offers, cheapest first within their product; ``counts`` (n,) are how many each product has."""

    product: Ints
    price: Ints
    weight: Ints
    offer: Ints
    counts: Ints

    def only(self, which: Ints) -> "_Fit":
        product = self.product[which]
        counts = np.bincount(product, minlength=len(self.counts))
        return _Fit(product, self.price[which], self.weight[which], self.offer[which], counts)


def read_market(offers: OfferColumns, own_median: Floats, rules: OfferRules = OFFER_RULES) -> Market:
    """The reference of every product; ``own_median`` (n,) is its own price of the last 90 days in halalas."""
    cuts = np.flatnonzero(np.diff(offers.starts[:-1] // _BLOCK)) + 1
    edges = [0, *cuts.tolist(), offers.products]
    return Market.joined(
        [
            _read(offers.of_products(first, end), own_median[first:end], rules).moved(first, int(offers.starts[first]))
            for first, end in pairwise(edges)
        ]
    )


def _read(offers: OfferColumns, own_median: Floats, rules: OfferRules) -> Market:
    fit = _fit_offers(offers, own_median, rules)
    median, _ = _medians(fit.price, fit.weight, fit.counts)
    ratios = _ratios(fit, median)
    used = fit.only(np.flatnonzero(ratios <= np.repeat(_limits(fit, ratios, rules), fit.counts)))
    middle, total = _medians(used.price, used.weight, used.counts)
    reference, weight = middle.astype(np.float64), total / WEIGHT_ONE
    reference[weight < rules.min_weight] = np.nan
    return Market(
        reference=reference,
        weight=weight,
        fit=fit.counts,
        used=used.counts,
        kept_product=used.product,
        kept_price=used.price,
        kept_offer=used.offer,
    )


def _fit_offers(offers: OfferColumns, own_median: Floats, rules: OfferRules) -> _Fit:
    counts = np.diff(offers.starts)
    price = offers.price.astype(np.float64)
    usable = (
        (offers.in_stock != 0)
        & (offers.price > 0)
        & (offers.confidence_bp >= rules.min_confidence_bp)
        & (offers.age_days <= rules.max_age_days)
        & (offers.age_days >= -rules.future_days)
        & (price <= np.repeat(own_median * rules.neighbourhood, counts))
        & (price * rules.neighbourhood >= np.repeat(own_median, counts))
    )
    which = np.flatnonzero(usable)
    product = np.repeat(np.arange(offers.products), counts)
    which = which[_order(product[which], offers.price[which])]
    confidence = offers.confidence_bp[which] * 1e-4
    age = np.maximum(offers.age_days[which], 0.0)
    weight = confidence * confidence * exp(age * (-_LN2 / rules.half_life_days)) * WEIGHT_ONE
    product = product[which]
    fit = np.bincount(product, minlength=offers.products)
    return _Fit(product, offers.price[which], np.rint(weight).astype(np.int64), which, fit)


def _order(product: Ints, value: Ints) -> Ints:
    """Product by product, rising values; equal ones stay as they come."""
    return np.argsort((product << _PRICE_BITS) | value, kind="stable")


def _medians(value: Ints, weight: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """The weighted median of each product's values, 0 where there are none, and the sum of its weights.

    Values come product by product, ``counts`` of each, in rising order.
    """
    median = np.zeros(len(counts), dtype=np.int64)
    running = np.cumsum(np.concatenate(([0], weight)))
    ends = np.cumsum(counts)
    starts = ends - counts
    before = running[starts]
    total = running[ends] - before
    # The first that brings the running sum to half of the total; where all weigh nothing, the product's own first.
    reached = np.maximum(np.searchsorted(running[1:], before + (total + 1) // 2), starts)
    some = np.flatnonzero(counts)
    median[some] = value[reached[some]]
    return median, total


def _ratios(fit: _Fit, median: Ints) -> Ints:
    """How far each offer lies from its product's median, as a fixed-point ratio of at least one."""
    middle = np.repeat(median, fit.counts)
    low, high = np.minimum(fit.price, middle), np.maximum(fit.price, middle)
    ratio: Ints = (high << 24) // np.maximum(low, 1)
    return ratio


def _limits(fit: _Fit, ratios: Ints, rules: OfferRules) -> Ints:
    """The largest ratio to the median that is not an outlier: scaled median deviation, clipped both ways."""
    order = _order(fit.product, np.minimum(ratios, (1 << _PRICE_BITS) - 1))
    typical, _ = _medians(ratios[order], fit.weight[order], fit.counts)
    spread = log(np.maximum(typical, _RATIO_ONE) / float(_RATIO_ONE)) * rules.outlier_deviations
    limit = np.minimum(np.maximum(exp(spread), rules.outlier_least), rules.outlier_most)
    # A hair of room, so that a price of exactly the permitted ratio is not lost to rounding.
    bound: Ints = np.ceil(limit * _RATIO_ONE).astype(np.int64)
    return bound
