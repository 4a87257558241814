"""Floors from costs, and what is assumed where a cost is unknown."""

import numpy as np
import numpy.typing as npt

from thaman_contracts.money import BP_ONE, ceil_div
from thaman_optimizer.domain.decision.rules import DecisionPolicy
from thaman_optimizer.domain.demand.detmath import Floats
from thaman_optimizer.domain.demand.panel import Ints

NO_FLOOR = 0
"""The floor of a product whose cost is unknown: it protects nothing, which is why such prices are never cut."""

_ENOUGH = 5
_LOW_SHARE = 0.2
_PRIOR_SHARE = 0.35
_EXACT_BELOW = 2**62


class NoFloorPossible(ValueError):
    """Minimum margin and fees together reach the whole price."""


def floor_prices(cost: Ints, known: npt.NDArray[np.bool_], policy: DecisionPolicy) -> Ints:
    """The lowest permitted prices with VAT in halalas, rounded up: product.md B8, whole numbers only.

    ``cost`` (n,) without VAT in halalas; where it is not ``known`` the floor is :data:`NO_FLOOR`.

    Raises:
        NoFloorPossible: no price can keep the minimum margin.
    """
    kept = BP_ONE - policy.fee_bp - (0 if policy.markup else policy.min_margin_bp)
    if kept <= 0:
        raise NoFloorPossible("minimum margin and fee together reach the whole price")
    top = BP_ONE + policy.vat_bp
    if policy.markup:
        top, kept = top * (BP_ONE + policy.min_margin_bp), kept * BP_ONE
    usable = np.where(known, cost, 0)
    largest = int(usable.max()) if len(usable) else 0
    if largest * top < _EXACT_BELOW:
        result: Ints = -(-(usable * top) // kept)
        return result
    return np.array([ceil_div(int(one) * top, kept) for one in usable], dtype=np.int64)


def impute_costs(cost: Floats, price: Ints, category: Ints, vat_bp: int) -> Floats:
    """Costs with the unknown ones (NaN) assumed deliberately low, so that a raise has to pay even then.

    The 20th percentile of cost over price in the product's category, else in the store, else a prior share.
    """
    known = np.flatnonzero(~np.isnan(cost))
    shares = np.full(len(cost), _PRIOR_SHARE * BP_ONE / (BP_ONE + vat_bp))
    ratio = cost[known] / price[known]
    if len(known) >= _ENOUGH:
        shares[:] = _low(ratio)
    for code in np.unique(category[np.isnan(cost)]):
        own = ratio[category[known] == code]
        if len(own) >= _ENOUGH:
            shares[category == code] = _low(own)
    return np.where(np.isnan(cost), shares * price, cost)


def _low(ratio: Floats) -> float:
    ordered = np.sort(ratio)
    return float(ordered[int(_LOW_SHARE * (len(ordered) - 1))])
