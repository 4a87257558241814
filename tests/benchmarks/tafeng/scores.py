"""How good a forecast was."""

from dataclasses import dataclass
from math import lgamma

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_LEAST = 1e-3


@dataclass(frozen=True, slots=True)
class Score:
    """``wmape``: sum of absolute errors over the sum of sales. ``likelihood``: mean Poisson log-likelihood of a row."""

    wmape: float
    likelihood: float
    rows: int


def score(forecast: Array, units: Array) -> Score:
    """One row is one product in one test week."""
    mean = np.maximum(forecast, _LEAST)
    factorial = np.vectorize(lgamma)(units + 1.0)
    return Score(
        wmape=float(np.sum(np.abs(units - mean)) / np.sum(units)),
        likelihood=float(np.mean(units * np.log(mean) - mean - factorial)),
        rows=units.size,
    )
