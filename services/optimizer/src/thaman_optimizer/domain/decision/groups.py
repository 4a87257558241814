"""Products that are priced together: who moves with whom, and how far all of them may go.

Members of a group change by one ratio or not at all, each inside its own limits. Only a floor is stronger: who stands
below it is lifted, and the members that can follow so far go along.
"""

from dataclasses import dataclass

import numpy as np

from thaman_optimizer.domain.decision.candidates import Bounds, bounds_of
from thaman_optimizer.domain.decision.choice import blocks
from thaman_optimizer.domain.decision.columns import Columns, Flags, Guard
from thaman_optimizer.domain.decision.rules import DecisionPolicy
from thaman_optimizer.domain.decision.teams import Teams, members_of
from thaman_optimizer.domain.demand.panel import Ints

_HELD = -1
_OUT = int(Guard.OUT_OF_STOCK)
_EXACT_BELOW = 2**62


@dataclass(frozen=True, slots=True)
class Groups:
    """Which of n products are priced together, arrays of shape (n,): those of one ``code``; -1 is no group.

    ``still`` products keep their price by the merchant's word (hold, lock): nothing but a floor moves them, and nobody
    goes with them. The others of a group all have a target, of one ratio to their prices, or none has; else the group
    is ignored. So is a group of one.
    """

    code: Ints
    still: Flags


def teams_of(columns: Columns, policy: DecisionPolicy, groups: Groups) -> Teams | None:
    """The teams that groups come down to, ``None`` where there are none.

    A group in which nobody stands below its floor is one team; it holds if one of it may not move, or all are out of
    stock. Otherwise who needs the largest lift and all that can follow as far within their own limits are one team, and
    so on with the rest, until nobody is left below its floor; who is left then holds.
    """
    rows, starts = _agreeing(columns, groups)
    if not len(rows):
        return None
    members, still = columns.take(rows), groups.still[rows]
    own = bounds_of(members, policy)
    layer, bits = _layers(members, still, own, blocks(members, policy, members.price < members.floor), starts)
    group = members_of(starts, len(rows))
    order = np.lexsort((layer, group))
    rows, layer, group = rows[order], layer[order], group[order]
    first = np.flatnonzero((np.diff(group, prepend=-1) != 0) | (np.diff(layer, prepend=_HELD) != 0))
    shared = _shared(own, columns.price[rows], order, first, layer != _HELD)
    return Teams(rows, first, shared, bits[order], layer[first] != _HELD)


def _agreeing(columns: Columns, groups: Groups) -> tuple[Ints, Ints]:
    """Products of real groups, group by group, and where each begins."""
    grouped = np.flatnonzero(groups.code >= 0)
    rows = grouped[np.argsort(groups.code[grouped], kind="stable")]
    if not len(rows):
        return rows, rows
    starts = np.flatnonzero(np.append(True, np.diff(groups.code[rows]) != 0))
    group = members_of(starts, len(rows))
    asked, quiet = ~np.isnan(columns.target[rows]), groups.still[rows] | columns.locked[rows]
    alike = np.logical_and.reduceat(asked | quiet, starts) | np.logical_and.reduceat(~asked | quiet, starts)
    real = (alike & (np.bincount(group) > 1))[group]
    rows, group = rows[real], group[real]
    return rows, np.flatnonzero(np.diff(group, prepend=-1))


def _layers(members: Columns, still: Flags, own: Bounds, bits: Ints, starts: Ints) -> tuple[Ints, Ints]:
    """Which members of a group move with each other, by equal numbers, and the bits that then forbid a move."""
    count = len(still)
    group = members_of(starts, count)
    forced, out = members.price < members.floor, (bits & _OUT) > 0
    stuck = ((bits & ~_OUT) > 0) | (still & ~forced)
    sold_out = np.logical_and.reduceat(out, starts)[group]
    leads = forced & ~stuck
    free = np.logical_and.reduceat(~stuck & ~still, starts) & ~np.logical_or.reduceat(leads, starts)
    layer = np.where(free[group] & ~sold_out, 0, _HELD)
    layer = np.where(still & forced & ~stuck, count + np.arange(count), layer)
    reach = np.maximum(own.high[:, 0], members.floor)
    _follow(layer, np.flatnonzero(~stuck & ~still), group, members, np.where(leads, members.floor, 0), reach)
    waits = (layer == _HELD) & ~stuck & ~sold_out
    return layer, np.where(layer != _HELD, 0, np.where(waits, bits | int(Guard.GROUP), bits))


def _follow(layer: Ints, rest: Ints, group: Ints, members: Columns, lift: Ints, reach: Ints) -> None:
    """Number in ``layer`` those of ``rest`` that are lifted, each together with all that can follow it."""
    turn = 0
    while len(rest):
        starts = np.flatnonzero(np.diff(group[rest], prepend=-1))
        needed = _spread(lift[rest], members.price[rest], starts, up=True)
        led = needed > 0
        follows = led & (needed <= reach[rest])
        layer[rest[follows]] = turn
        rest = rest[led & ~follows]
        turn += 1


def _shared(own: Bounds, price: Ints, order: Ints, starts: Ints, together: Flags) -> Bounds:
    """Bounds that every member of a team keeps at the same ratio; the floor is stronger than the upper bound."""
    low, high, floor = own.low[order, 0], own.high[order, 0], own.floor[order, 0]
    reach = np.maximum(high, floor)
    # Never wider than the own ones, whatever a last bit made of two nearly equal ratios.
    shared_low = np.maximum(low, _spread(low, price, starts, up=True))
    shared_high = np.minimum(reach, _spread(reach, price, starts, up=False))
    shared_floor = np.maximum(floor, _spread(floor, price, starts, up=True))
    return Bounds(
        np.where(together, shared_low, low)[:, None],
        np.where(together, shared_high, high)[:, None],
        np.where(together, shared_floor, floor)[:, None],
    )


def _spread(bound: Ints, price: Ints, starts: Ints, *, up: bool) -> Ints:
    """The strictest bound in relation to the price, in relation to each member's price: the highest lower (``up``) or
    the lowest upper one. Whole numbers, so that equal prices have equal bounds and nobody's own is passed."""
    group = members_of(starts, len(price))
    ratio = bound / price
    strictest = np.lexsort((-ratio if up else ratio, group))[starts]
    of, by = bound[strictest][group], price[strictest][group]
    if float(of.max()) * float(price.max()) < _EXACT_BELOW:
        result: Ints = -(-of * price // by) if up else of * price // by
        return result
    large = of.astype(object) * price.astype(object)
    exact = -(-large // by.astype(object)) if up else large // by.astype(object)
    return np.asarray(np.minimum(exact, _EXACT_BELOW), dtype=np.int64)
