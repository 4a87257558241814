"""How busy each day is: weekends, pay days, Ramadan, White Friday, and a slow yearly wave; by category."""

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.market.worlds import CATEGORIES, DAYS

Array = NDArray[np.float64]

_PAY_DAY = 27
_MONTH = 30
_YEAR = 365


def busyness(random: np.random.Generator) -> Array:
    """Factors on the number of shoppers, mean about 1: days x categories."""
    day = np.arange(DAYS)[:, None]
    weekend = np.where(np.isin(day % 7, (4, 5)), 1.25, 0.9)
    pay_day = np.where((day + random.integers(_MONTH)) % _MONTH >= _PAY_DAY, 1.2, 0.98)
    wave = 1 + random.uniform(0.0, 0.15, CATEGORIES) * np.sin(2 * np.pi * (day / _YEAR + random.uniform(0, 1)))
    since_ramadan = (day - random.integers(_YEAR)) % _YEAR
    ramadan = np.where(since_ramadan < 29, random.uniform(0.7, 1.7, CATEGORIES), 1.0)
    eid = np.where((since_ramadan >= 29) & (since_ramadan < 33), random.uniform(0.5, 1.1, CATEGORIES), 1.0)
    white_friday = np.where((day - random.integers(_YEAR)) % _YEAR < 10, random.uniform(1.2, 2.0, CATEGORIES), 1.0)
    return np.asarray(weekend * pay_day * wave * ramadan * eid * white_friday)
