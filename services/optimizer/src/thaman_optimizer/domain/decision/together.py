"""Which candidate for products that are priced together: one for all of a team, or none."""

from dataclasses import dataclass

import numpy as np

from thaman_contracts.events.settings import AutomationMode
from thaman_optimizer.domain.decision.candidates import HALF
from thaman_optimizer.domain.decision.choice import (
    QUANTUM,
    Choice,
    at,
    dearest,
    least_gains,
    may_teach,
    reasons,
    small_moves,
)
from thaman_optimizer.domain.decision.columns import Columns, Flags, Guard
from thaman_optimizer.domain.decision.gain import Evaluation, Outcomes
from thaman_optimizer.domain.decision.rules import DecisionPolicy
from thaman_optimizer.domain.decision.teams import Teams
from thaman_optimizer.domain.demand.detmath import Floats, log
from thaman_optimizer.domain.demand.panel import Ints

_SUREST = 1e-9
"""Probabilities are taken as that far from 0 and 1 at least, so that their odds stay finite."""


@dataclass(frozen=True, slots=True)
class _Moves:
    """Of each team's candidates (g, m): ``whole`` ones move every member, ``none`` move nobody."""

    whole: Flags
    none: Flags


def choose_together(
    columns: Columns, prices: Ints, outcomes: Outcomes, evaluation: Evaluation, policy: DecisionPolicy, teams: Teams
) -> Choice:
    """The best candidate of each team by the sums of its members' expected gains less caution.

    Deviations are summed, too, as if all members were wrong in the same way at once, which is the careful reading.
    """
    of, each = teams.of, np.arange(len(teams.starts))
    moves = _moves(columns, prices, teams)
    asked = ~np.isnan(columns.target[teams.starts])
    forced = ~teams.every(columns.price >= columns.floor)
    column = np.where(asked, 0, _best(outcomes, moves, policy, teams))
    moved = moves.whole[each, column]
    gains = teams.total(outcomes.mean)[each, column] > teams.total(least_gains(evaluation, policy))
    likely = _likely(outcomes, evaluation, column[of], policy, teams)
    worth = asked | forced | (gains & likely)
    propose = moved & worth & teams.free
    dithered, drawn = _dither(columns, prices, outcomes, evaluation, policy, teams)
    dithered &= ~propose & teams.free & ~asked & ~forced
    column = np.where(dithered, drawn, np.where(propose, column, HALF))
    moves_on = propose | dithered
    bits = reasons(moved, gains, likely, worth, propose, dithered)
    # Some would move, but no candidate moves all: that is why they hold, not that the price is right.
    torn = teams.free & ~moved & ~moves.whole.any(axis=1) & ~moves.none.all(axis=1)
    bits = np.where(torn, int(Guard.GROUP), np.where(teams.free, bits, 0))
    bits |= np.where(moves_on & (teams.sizes > 1), int(Guard.GROUP), 0)
    chosen = np.where(moves_on[of], prices[np.arange(len(of)), column[of]], columns.price)
    return Choice(chosen, column[of], moves_on[of], dithered[of], teams.blocked | bits[of])


def _moves(columns: Columns, prices: Ints, teams: Teams) -> _Moves:
    moving = prices != columns.price[:, None]
    return _Moves(teams.every(moving), teams.every(~moving))


def _best(outcomes: Outcomes, moves: _Moves, policy: DecisionPolicy, teams: Teams) -> Ints:
    """The best candidate that moves all or nobody (g,)."""
    sums = teams.total(outcomes.mean - policy.tolerance.caution * outcomes.deviation)
    objective = np.where(moves.whole | moves.none, np.rint(sums * QUANTUM), -np.inf)
    return np.asarray(objective.argmax(axis=1))


def _likely(outcomes: Outcomes, evaluation: Evaluation, column: Ints, policy: DecisionPolicy, teams: Teams) -> Flags:
    """Whether a gain of the team is likely enough: the members' log odds, each weighed by what is at stake for it.

    So equal products are as likely to gain together as each is alone.
    """
    stake = at(outcomes.deviation, column)
    return teams.total(stake * _odds(evaluation.probability(column))) >= teams.total(stake) * _odds(
        np.array(policy.tolerance.min_probability)
    )


def _odds(probability: Floats) -> Floats:
    inner = np.clip(probability, _SUREST, 1.0 - _SUREST)
    return log(inner / (1.0 - inner))


def _dither(
    columns: Columns, prices: Ints, outcomes: Outcomes, evaluation: Evaluation, policy: DecisionPolicy, teams: Teams
) -> tuple[Flags, Ints]:
    """Which teams may be moved a little to learn from it, and to which candidate; the first member's draw decides."""
    each = np.arange(len(teams.starts))
    if policy.mode is AutomationMode.MANUAL or policy.tolerance.dither_bp == 0:
        return np.zeros(len(each), dtype=bool), np.zeros(len(each), dtype=np.int64)
    upwards = ((columns.draw[teams.starts] & np.uint64(1)) == 1)[teams.of]
    fits, distance = small_moves(columns.price, prices, upwards, policy)
    all_fit = teams.every(fits)
    off = np.where(all_fit, teams.total(distance / columns.price[:, None]), np.inf)
    drawn = off.argmin(axis=1)
    affordable = teams.total(outcomes.mean)[each, drawn] > teams.total(dearest(evaluation, policy))
    sells = teams.total(evaluation.sales_now()) >= policy.dither_least_sales
    return teams.every(may_teach(columns, policy)) & sells & affordable & all_fit[each, drawn], drawn
