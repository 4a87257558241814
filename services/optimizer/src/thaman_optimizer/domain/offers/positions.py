"""Where the own price would stand against the offers used: lowest, average, median or a rank."""

import numpy as np

from thaman_contracts.events.policies import Against
from thaman_optimizer.domain.demand.detmath import Floats
from thaman_optimizer.domain.demand.panel import Ints
from thaman_optimizer.domain.offers.market import Market


def position_prices(market: Market, against: Against, rank: int = 1) -> Floats:
    """The price that ``against`` means for every product, in halalas; NaN where the market gives no reference.

    ``rank`` counts from the cheapest (1); beyond the last offer the dearest is meant. The average is rounded half up.
    """
    count = len(market.reference)
    if against is Against.MEDIAN:
        return market.reference.copy()
    ends = np.cumsum(market.used)
    first = ends - market.used
    if against is Against.AVERAGE:
        total = _sums(market.kept_product, market.kept_price, count)
        used = np.maximum(market.used, 1)
        price: Floats = ((2 * total + used) // (2 * used)).astype(np.float64)
    else:
        wanted = {Against.LOWEST: 1, Against.RANK: max(rank, 1), Against.HIGHEST: len(market.kept_price)}[against]
        place = np.minimum(first + wanted - 1, ends - 1)
        price = np.zeros(count)
        some = np.flatnonzero(market.used > 0)
        price[some] = market.kept_price[place[some]]
    price[np.isnan(market.reference)] = np.nan
    return price


def _sums(product: Ints, price: Ints, count: int) -> Ints:
    """Whole-number sums of each product's prices."""
    running = np.concatenate(([0], np.cumsum(price)))
    ends = np.cumsum(np.bincount(product, minlength=count))
    starts = np.concatenate(([0], ends[:-1])) if count else ends
    result: Ints = running[ends] - running[starts]
    return result
