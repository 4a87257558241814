"""What a policy promised of its moves, held against the truth of the day on which it promised."""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.market.market import Market
from tests.benchmarks.market.oracle import expected_week

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a policy says of today's moves: for the items in ``item``, the weekly profit change, in halalas."""

    item: Counts
    expected: Array
    low: Array
    high: Array


@runtime_checkable
class Promising(Protocol):
    """A policy that says what its moves are worth."""

    def claim(self) -> Claim:
        """About the decision that was made last."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One move: what was promised, and what is true."""

    expected: float
    low: float
    high: float
    true: float


@dataclass(slots=True)
class Promises:
    """All moves of a run."""

    all: list[Promise] = field(default_factory=list)

    def weigh(self, policy: object, market: Market, price: Counts) -> None:
        """Holds the policy's claim about today's prices against the market as it stands, before it trades."""
        if not isinstance(policy, Promising):
            return
        claim = policy.claim()
        moved = price[claim.item] != market.price[claim.item]
        if not moved.any():
            return
        pair = np.stack([market.price, price], axis=1).astype(np.float64)
        week = expected_week(market, pair)
        true = (week[:, 1] - week[:, 0])[claim.item]
        rows = zip(claim.expected[moved], claim.low[moved], claim.high[moved], true[moved], strict=True)
        self.all += [Promise(float(e), float(low), float(high), float(t)) for e, low, high, t in rows]
