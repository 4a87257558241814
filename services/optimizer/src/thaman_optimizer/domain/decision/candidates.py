"""Prices that may be chosen: a grid of steps, each already ending, step, corridor and floor clamped, in that order."""

from dataclasses import dataclass

import numpy as np

from thaman_contracts.money import BP_ONE
from thaman_optimizer.domain.decision.columns import Columns
from thaman_optimizer.domain.decision.endings import Ending
from thaman_optimizer.domain.decision.rules import DecisionPolicy
from thaman_optimizer.domain.demand.detmath import Floats, exp, log1p
from thaman_optimizer.domain.demand.panel import Ints

HALF = 16
"""Candidates on each side of the present price."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a move may go, each (n, 1): ``low`` and ``high`` halalas, from step, corridor, brake and unknown cost."""

    low: Ints
    high: Ints
    floor: Ints

    def clamp(self, price: Ints, now: Ints, ending: Ending) -> Ints:
        """``price`` ended, moved inside the bounds, and then lifted to the floor, which wins over everything.

        Bounds stop a move, they never force one: where no ending lies between the present price and the bound, the
        price stays.
        """
        ended = ending.nearest(price)
        inside = np.where(ended > self.high, ending.down(self.high), ended)
        inside = np.where(ended < self.low, ending.up(self.low), inside)
        # Rounding must not turn a raise into a cut or the other way round.
        moves = ((price > now) & (inside > now)) | ((price < now) & (inside < now))
        # Perhaps no price with this ending lies within reach.
        moves &= (inside >= self.low) & (inside <= self.high)
        inside = np.where(moves, inside, now)
        return np.where(inside < self.floor, self._lifted(now, ending), inside)

    def _lifted(self, now: Ints, ending: Ending) -> Ints:
        """The lowest price at or above the floor: ending as liked, unless that would go further than it has to."""
        lifted = ending.up(self.floor)
        lifted = np.where(lifted > np.maximum(self.high, self.floor), self.floor, lifted)
        return np.where(now >= self.floor, np.minimum(lifted, now), lifted)


def bounds_of(columns: Columns, policy: DecisionPolicy) -> Bounds:
    """The bounds of every product."""
    price = columns.price
    reach = BP_ONE + policy.step_bp
    low = -(-price * BP_ONE // reach)
    high = price * reach // BP_ONE
    corridor_low = -(-columns.own_median * policy.corridor_low_bp // BP_ONE)
    corridor_high = columns.own_median * policy.corridor_high_bp // BP_ONE
    low = np.maximum(low, np.minimum(corridor_low, price))
    high = np.minimum(high, np.maximum(corridor_high, price))
    raise_only = columns.braked | ~columns.cost_known
    low = np.where(raise_only, price, low)
    return Bounds(low[:, None], high[:, None], columns.floor[:, None])


def grid(step_bp: int) -> Floats:
    """Price ratios, log-spaced from 1/(1 + step) to 1 + step, the present price in the middle; shape (2 HALF + 1,)."""
    reach = log1p(np.array(step_bp / BP_ONE))
    return exp(np.arange(-HALF, HALF + 1) * (reach / HALF))


def candidates(columns: Columns, bounds: Bounds, ratios: Floats, ending: Ending) -> Ints:
    """Candidate prices (n, 33), rising, the present price (or the floor above it) in the middle.

    Where a strategy names a target, every other candidate is that target.
    """
    now = columns.price[:, None]
    wished = np.rint(now * ratios).astype(np.int64)
    target = np.flatnonzero(~np.isnan(columns.target))
    wished[target] = np.rint(columns.target[target]).astype(np.int64)[:, None]
    wished[:, HALF] = columns.price
    return bounds.clamp(wished, now, ending)
