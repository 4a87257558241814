"""Which candidate, and whether to move at all."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from thaman_contracts.events.settings import AutomationMode
from thaman_optimizer.domain.decision.candidates import HALF
from thaman_optimizer.domain.decision.columns import Columns, Flags, Guard
from thaman_optimizer.domain.decision.gain import Evaluation, Outcomes
from thaman_optimizer.domain.decision.rules import DecisionPolicy
from thaman_optimizer.domain.demand.detmath import Floats
from thaman_optimizer.domain.demand.panel import Ints

_Kind = TypeVar("_Kind", bound=np.generic)

QUANTUM = 1e4
"""Objectives are compared in 10^-6 riyal, so that the last bits never choose."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Chosen prices (n,), whether to propose them, and the guard bits; ``dithered`` are moves made to learn."""

    price: Ints
    column: Ints
    propose: Flags
    dithered: Flags
    guards: Ints


def choose(
    columns: Columns, prices: Ints, outcomes: Outcomes, evaluation: Evaluation, policy: DecisionPolicy
) -> Choice:
    """The best candidate by expected gain less caution, if it is worth a move; otherwise perhaps a dither."""
    objective = policy.tolerance.caution * outcomes.deviation
    np.subtract(outcomes.mean, objective, out=objective)
    objective *= QUANTUM
    np.rint(objective, out=objective)
    asked = ~np.isnan(columns.target)
    column = np.where(asked, 0, objective.argmax(axis=1))
    price = at(prices, column)
    forced = columns.price < columns.floor
    blocked = blocks(columns, policy, forced)
    mean, least = at(outcomes.mean, column), least_gains(evaluation, policy)
    moved, gains = price != columns.price, mean > least
    # Nobody asks how likely a gain is that is too small, or not to be made.
    likely = evaluation.probability(column, moved & gains) >= policy.tolerance.min_probability
    worth = asked | forced | (gains & likely)
    propose = moved & worth & (blocked == 0)
    dithered, drawn = _dither(columns, prices, outcomes, evaluation, policy)
    dithered &= ~propose & (blocked == 0) & ~asked & ~forced
    column = np.where(dithered, drawn, np.where(propose, column, HALF))
    guards = blocked | reasons(moved, gains, likely, worth, propose, dithered)
    moves = propose | dithered
    return Choice(np.where(moves, at(prices, column), columns.price), column, moves, dithered, guards)


def blocks(columns: Columns, policy: DecisionPolicy, forced: Flags) -> Ints:
    """Guard bits of what forbids any move; a price below its floor is stopped by nothing but a lock."""
    soon = columns.days_since_change < policy.dwell_days
    bits = np.where(columns.locked, int(Guard.LOCKED), 0)
    bits |= np.where(columns.resting & ~forced, int(Guard.REST), 0)
    bits |= np.where((columns.stock <= 0.0) & ~forced, int(Guard.OUT_OF_STOCK), 0)
    bits |= np.where(soon & ~forced & ~columns.fixed, int(Guard.DWELL), 0)
    return bits.astype(np.int64)


def least_gains(evaluation: Evaluation, policy: DecisionPolicy) -> Floats:
    """What a change has to gain to be worth it, halalas a week (n,)."""
    return policy.least_gain * np.abs(evaluation.profit_now()) + policy.least_gain_halalas


def _dither(
    columns: Columns, prices: Ints, outcomes: Outcomes, evaluation: Evaluation, policy: DecisionPolicy
) -> tuple[Flags, Ints]:
    """Which products may be moved a little to learn from it, and to which candidate."""
    dithered, drawn = np.zeros(len(columns.price), dtype=bool), np.zeros(len(columns.price), dtype=np.int64)
    if policy.mode is AutomationMode.MANUAL or policy.tolerance.dither_bp == 0:
        return dithered, drawn
    # Few do, so only their candidates are looked at.
    rows = np.flatnonzero(may_teach(columns, policy) & (evaluation.sales_now() >= policy.dither_least_sales))
    upwards = (columns.draw[rows] & np.uint64(1)) == 1
    fits, distance = small_moves(columns.price[rows], prices[rows], upwards, policy)
    drawn[rows] = np.where(fits, distance, np.iinfo(np.int64).max).argmin(axis=1)
    affordable = at(outcomes.mean, drawn) > dearest(evaluation, policy)
    dithered[rows] = affordable[rows] & at(fits, drawn[rows])
    return dithered, drawn


def small_moves(price: Ints, prices: Ints, upwards: Flags, policy: DecisionPolicy) -> tuple[Flags, Ints]:
    """Which candidates (n, m) are small moves from ``price`` (n,) in the direction drawn, and how far each is from the
    size wished for, in basis points of the price times the price."""
    now = price[:, None]
    moves = np.abs(prices - now) * 10_000
    fits = (moves >= policy.dither_least_bp * now) & (moves <= policy.dither_most_bp * now)
    fits &= np.where(upwards[:, None], prices > now, prices < now)
    return fits, np.abs(moves - policy.tolerance.dither_bp * now)


def may_teach(columns: Columns, policy: DecisionPolicy) -> Flags:
    """Which products have rested long enough, and may be moved at all, to learn from it."""
    return (columns.days_since_change >= policy.dither_after_days) & columns.cost_known & np.isnan(columns.weeks_left)


def dearest(evaluation: Evaluation, policy: DecisionPolicy) -> Floats:
    """The profit change, halalas a week (n,), below which a move made to learn costs too much."""
    return -0.02 * np.abs(evaluation.profit_now()) - policy.least_gain_halalas


def reasons(moved: Flags, gains: Flags, likely: Flags, worth: Flags, propose: Flags, dithered: Flags) -> Ints:
    """Guard bits that say why a product holds, or that it moves in order to learn."""
    bits = np.where(~moved, int(Guard.ALREADY_RIGHT), 0)
    bits |= np.where(moved & ~worth & ~gains, int(Guard.SMALL_GAIN), 0)
    bits |= np.where(moved & ~worth & gains & ~likely, int(Guard.UNLIKELY_GAIN), 0)
    bits = np.where(dithered, int(Guard.DITHER), np.where(propose, 0, bits))
    return bits.astype(np.int64)


def change_bp(now: Ints, new: Ints) -> Ints:
    """Size of a change in basis points, rounded up."""
    result: Ints = -(-np.abs(new - now) * 10_000 // now)
    return result


def at(values: npt.NDArray[_Kind], column: Ints) -> npt.NDArray[_Kind]:
    """One candidate's value for every product."""
    return np.asarray(values.take(np.arange(len(column)) * values.shape[1] + column))
