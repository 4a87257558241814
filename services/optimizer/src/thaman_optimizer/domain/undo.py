"""Undo: which earlier price an item gets back, or why it keeps the one it has. Pure.

What was changed since is left alone, the floor wins, and whatever is done is an ordinary decision that can be undone
itself. Unlike a run, an undo is a person's word: neither the market nor steps, dwell and quiet hours are asked.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from thaman_contracts.events.optimizer import Risk
from thaman_contracts.money import change_bp
from thaman_optimizer.domain.engine import LARGEST_CHANGE_BP, case_of
from thaman_optimizer.domain.facts import ItemFacts, StoreFacts
from thaman_optimizer.domain.floor import Limits
from thaman_optimizer.domain.guards import Case, Guard, Outcome
from thaman_optimizer.domain.guards.access import entitlement, lock, stop_fence
from thaman_optimizer.domain.guards.calendar import discount_licence
from thaman_optimizer.domain.guards.fitness import restorable
from thaman_optimizer.domain.risk import assess

_GUARDS: tuple[Guard, ...] = (stop_fence, entitlement, lock, restorable, discount_licence)


@dataclass(frozen=True, slots=True)
class Change:
    """A price of ours that reached Salla. Base prices in halalas; ``old_base_price`` is what it took the place of."""

    decision_id: UUID
    old_base_price: int | None
    base_price: int


@dataclass(frozen=True, slots=True)
class Restore:
    """An item gets an earlier price back; ``undone`` are the decisions that this undoes, oldest first."""

    item: ItemFacts
    limits: Limits
    base_price: int
    shelf_price: int
    risk: Risk
    undone: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Leave:
    """An item keeps its price. ``why`` is a code that :mod:`thaman_optimizer.domain.explain` words."""

    why: str
    undone: tuple[UUID, ...] = ()


def plan(
    store: StoreFacts, item: ItemFacts | None, changes: Sequence[Change], meant: Collection[UUID], now: datetime
) -> Restore | Leave:
    """What an undo of the decisions ``meant`` does to one item, one of whose applied ``changes`` is among them.

    ``changes`` are in the order in which they were applied, to the present. Only the last of them can be undone, those
    meant in a row from the end; the price before the first of these is the one restored.
    """
    tail = _tail(changes, meant)
    undone = tuple(one.decision_id for one in tail or changes if one.decision_id in meant)
    if item is None:
        return Leave("item_gone", undone)
    if not tail or tail[-1].base_price != item.base_price:
        # Also where somebody else moved it: what stands there now is theirs.
        return Leave("changed_since", undone)
    if any(later.old_base_price != earlier.base_price for earlier, later in pairwise(tail)):
        return Leave("changed_between", undone)
    target = tail[0].old_base_price
    if target is None:
        return Leave("earlier_price_unknown", undone)
    return _judged(case_of(store, replace(item, edited_at=None), now), target, undone)


def _tail(changes: Sequence[Change], meant: Collection[UUID]) -> Sequence[Change]:
    first = len(changes)
    while first and changes[first - 1].decision_id in meant:
        first -= 1
    return changes[first:]


def _judged(case: Case, base: int, undone: tuple[UUID, ...]) -> Restore | Leave:
    for guard in _GUARDS:
        verdict = guard(case, base)
        if verdict.outcome is Outcome.HOLD:
            return Leave(verdict.detail, undone)
    problem = _outside(case, base)
    if problem is not None:
        return Leave(problem, undone)
    shelf = case.basis.shelf(base)
    # A ceiling that nobody set keeps prices from running away upwards; a price that stood there before does not.
    limits = case.bounds if case.bounds.own_ceiling else replace(case.bounds, ceiling=max(case.bounds.ceiling, shelf))
    return Restore(case.item, limits, base, shelf, assess(case, base, ()).risk, undone)


def _outside(case: Case, base: int) -> str | None:
    bounds = case.bounds
    if base == case.item.base_price:
        return "already_there"
    if base < bounds.base_floor:
        return f"below_floor floor={bounds.floor}"
    if bounds.own_ceiling and base > bounds.base_ceiling:
        return f"over_ceiling ceiling={bounds.ceiling}"
    if abs(change_bp(case.item.base_price, base)) > LARGEST_CHANGE_BP:
        return "change_inexpressible"
    return None
