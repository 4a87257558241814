"""How good a matcher is on labelled pairs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Score:
    """At one threshold; ``recall_at_95`` and ``_98``: the most recall that any threshold has with that precision."""

    pairs: int
    matches: int
    precision: float
    recall: float
    f1: float
    recall_at_95: float
    recall_at_98: float


@dataclass(frozen=True, slots=True)
class RuleScore:
    """What a rule takes for a match: how many, and how many of them are right."""

    taken: int
    right: int
    matches: int

    @property
    def precision(self) -> float | None:
        """``None`` where nothing was taken."""
        return self.right / self.taken if self.taken else None

    @property
    def recall(self) -> float:
        """Of all true matches."""
        return self.right / self.matches


def score(likely: Floats, same: Bools, threshold: float) -> Score:
    """``likely``: anything that grows with the chance of a match."""
    taken = likely >= threshold
    right = int(np.count_nonzero(taken & same))
    precision = right / max(int(np.count_nonzero(taken)), 1)
    recall = right / int(np.count_nonzero(same))
    return Score(
        pairs=len(same),
        matches=int(np.count_nonzero(same)),
        precision=precision,
        recall=recall,
        f1=f1(precision, recall),
        recall_at_95=recall_at(likely, same, 0.95),
        recall_at_98=recall_at(likely, same, 0.98),
    )


def rule_score(taken: Bools, same: Bools) -> RuleScore:
    """Of the pairs that a rule takes."""
    return RuleScore(int(np.count_nonzero(taken)), int(np.count_nonzero(taken & same)), int(np.count_nonzero(same)))


def f1(precision: float, recall: float) -> float:
    """Harmonic mean; 0 of zeros."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def curve(likely: Floats, same: Bools) -> tuple[Floats, Floats, Floats]:
    """Thresholds from high to low, each with precision and recall of what lies at or above it."""
    order = np.argsort(-likely, kind="stable")
    right, taken = np.cumsum(same[order]), np.arange(1, len(order) + 1)
    # Pairs of one value stand or fall together.
    last = np.append(np.diff(likely[order]) != 0, True)
    return likely[order][last], (right / taken)[last], (right / max(int(same.sum()), 1))[last]


def recall_at(likely: Floats, same: Bools, precision: float) -> float:
    """The most recall at no less than this precision."""
    _, precisions, recalls = curve(likely, same)
    return float(np.max(recalls[precisions >= precision], initial=0.0))
