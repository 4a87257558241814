"""Stock: how much is sold of what could be, and when it is ordered again."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

PLENTY = 10**6
"""Stands for stock that never runs out."""

_ORDER_UP_TO_DAYS = 21.0
_MEMORY_DAYS = 56.0


def poisson(uniform: Array, mean: Array) -> Counts:
    """Poisson draws by inversion, so that equal draws and means give equal sales under every policy."""
    count = np.zeros(len(mean), dtype=np.int64)
    term = np.exp(-mean)
    below = term.copy()
    k = 0
    while True:
        more = uniform > below
        if not more.any() or k > 2_000:
            return count
        k += 1
        count += more
        term = term * mean / k
        below = below + term


def expected_sales(mean: Array, stock: Counts, largest: int = 60) -> Array:
    """E[min(D, stock)] of a Poisson D, exact while the stock is small: the sum of P(D > k) for k below the stock."""
    sales = mean.copy()
    scarce = np.flatnonzero(stock < mean + 8 * np.sqrt(mean) + 8)
    if len(scarce) == 0:
        return sales
    few, rate = stock[scarce], mean[scarce]
    term = np.exp(-rate)
    above = 1 - term
    total = np.zeros(len(scarce))
    for k in range(int(min(few.max(initial=0), largest))):
        total += np.where(few > k, above, 0.0)
        term = term * rate / (k + 1)
        above = above - term
    sales[scarce] = np.where(few <= largest, total, np.minimum(rate, few))
    return sales


def smooth_expected_sales(mean: Array, spread: float, stock: Array) -> Array:
    """E[min(D, stock)] over a long time, D about normal with variance ``mean + (spread * mean)²``. Any shape."""
    deviation = np.sqrt(mean + (spread * mean) ** 2) + 1e-9
    z = (stock - mean) / deviation
    # The normal distribution function within 1e-5 or so (Abramowitz and Stegun 26.2.16).
    t = 1 / (1 + 0.33267 * np.abs(z))
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    tail = density * t * (0.4361836 + t * (-0.1201676 + t * 0.9372980))
    upper = np.where(z >= 0, tail, 1 - tail)
    return np.asarray(np.clip(mean - deviation * (density - z * upper), 0.0, np.minimum(mean, stock)))


def usual_rate(rate: Array, sold: Counts, present: NDArray[np.bool_]) -> Array:
    """The merchant's idea of daily sales, renewed by one day; days without stock teach nothing."""
    return np.where(present, rate + (sold - rate) / _MEMORY_DAYS, rate)


def order(stock: Counts, rate: Array, lead_days: Array) -> Counts:
    """The (s, S) rule: how much to order now, zero while the stock is above s. One order at a time."""
    reorder = np.ceil(1.4 * rate * lead_days + 0.7)
    up_to = reorder + np.ceil(_ORDER_UP_TO_DAYS * rate) + 1
    return np.where(stock <= reorder, up_to - stock, 0).astype(np.int64)
