"""What given prices are expected to earn, whoever chose them."""

from dataclasses import dataclass

import numpy as np

from thaman_optimizer.domain.decision.columns import Columns
from thaman_optimizer.domain.decision.gain import Evaluation
from thaman_optimizer.domain.decision.rules import DecisionPolicy
from thaman_optimizer.domain.demand.detmath import Floats
from thaman_optimizer.domain.demand.panel import Ints
from thaman_optimizer.domain.demand.priors import PRIORS, Priors
from thaman_optimizer.domain.demand.state import DemandState


@dataclass(frozen=True, slots=True)
class Outlooks:
    """Of n prices: the expected weekly profit change in halalas against the present price, its 80 % interval, and the
    probability of a gain; arrays of shape (n,)."""

    expected: Floats
    low: Floats
    high: Floats
    probability: Floats


def outlooks(
    columns: Columns, state: DemandState, prices: Ints, policy: DecisionPolicy, priors: Priors = PRIORS
) -> Outlooks:
    """The outlooks of ``prices`` (n,), one a product; ``columns`` and ``state`` are of these products in this order."""
    evaluation = Evaluation(columns, state, prices[:, None], policy, priors)
    outcomes = evaluation.outcomes()
    mean, deviation = outcomes.mean[:, 0], outcomes.deviation[:, 0]
    low, high = evaluation.interval(mean, deviation)
    first = np.zeros(len(prices), dtype=np.int64)
    return Outlooks(mean, low, high, evaluation.probability(first))
