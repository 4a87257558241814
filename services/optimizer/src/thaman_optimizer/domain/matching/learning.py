"""What a store's own answers teach: whether titles say more or less in it than elsewhere.

A merchant who rejects what the model held likely sells things whose titles look alike. One number says how much: a
shift of the log-odds of all matches by title, with a normal prior around 0. It is learned from that store's answers
alone, is never shared, and never makes a match by title one that prices move on by themselves.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thaman_optimizer.domain.demand.detmath import Floats
from thaman_optimizer.domain.matching.model import probability

PRIOR_SD = 1.0
"""Log-odds by which stores differ before anything is known of one."""
LARGEST = 3.0
_STEPS = 50
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class StoreShift:
    """``shift`` of the log-odds, its posterior standard deviation, and how many answers taught it."""

    shift: float = 0.0
    deviation: float = PRIOR_SD
    answers: int = 0


NOTHING_LEARNED = StoreShift()
"""Of a store that has not answered yet."""


def learn(log_odds: Floats, same: npt.NDArray[np.bool_]) -> StoreShift:
    """The most likely shift given one store's answers, in any order.

    ``log_odds``: what the model said of each pair that was asked, before any shift; ``same``: the merchant's answers.
    It is the mode of the posterior: the answers are Bernoulli with log-odds ``log_odds + shift``, the shift is normal
    around 0 with :data:`PRIOR_SD`. The mode is found by halving, as the posterior is concave.
    """
    said = np.sort(np.asarray(log_odds, dtype=np.float64)), float(np.count_nonzero(same))
    low, high = -LARGEST, LARGEST
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _slope(middle, *said) > 0:
            low = middle
        else:
            high = middle
    shift = round((low + high) / 2, _DIGITS)
    likely = probability(said[0] + shift)
    information = 1.0 / PRIOR_SD**2 + float(np.sum(likely * (1.0 - likely)))
    return StoreShift(shift, round(float(np.sqrt(1.0 / information)), _DIGITS), len(said[0]))


def _slope(shift: float, log_odds: Floats, confirmed: float) -> float:
    """Of the log posterior."""
    return confirmed - float(np.sum(probability(log_odds + shift))) - shift / PRIOR_SD**2
