"""How far and how often a price may move.

Limits come before movement: where the floor (or a ceiling the merchant set) cannot be reached in one step, the price
that respects it is proposed all the same, but as a *break* that only a person may let through.
"""

from datetime import timedelta

from thaman_contracts.money import BP_ONE
from thaman_optimizer.domain.endings import highest_base, lowest_base
from thaman_optimizer.domain.guards.base import Case, Verdict, held, moved, noted, passed

BREAKS = "breaks_limit"
"""The code of a note that makes a proposal wait for a person, whatever the mode."""


def largest_step(case: Case, base: int) -> Verdict:
    """One change moves the base price by at most the store's largest step."""
    return _within(case, base, step_window(case), f"limit=step bp={case.store.settings.max_step_bp}")


def week_move(case: Case, base: int) -> Verdict:
    """All changes of a week together move it by at most the week's budget, counted from a week ago."""
    return _within(case, base, week_window(case), f"limit=week bp={case.store.settings.week_move_bp}")


def day_budget(case: Case, base: int) -> Verdict:
    """So many changes in 24 hours and no more."""
    if base != case.item.base_price and case.item.changes_today >= case.store.settings.changes_per_day:
        return held(base, f"day_budget changes={case.item.changes_today}")
    return passed(base)


def cooldown(case: Case, base: int) -> Verdict:
    """A minimum time between two changes, so that two stores that watch each other cannot race."""
    last, minutes = case.item.last_change_at, case.store.settings.cooldown_minutes
    if base != case.item.base_price and last is not None and case.now - last < timedelta(minutes=minutes):
        return held(base, f"cooldown minutes={minutes}")
    return passed(base)


def step_window(case: Case) -> tuple[int, int]:
    """Lowest and highest base price that one step reaches."""
    return _window(case.item.base_price, case.store.settings.max_step_bp)


def week_window(case: Case) -> tuple[int, int]:
    """Lowest and highest base price that this week still permits."""
    return _window(case.item.week_anchor or case.item.base_price, case.store.settings.week_move_bp)


def _window(anchor: int, size_bp: int) -> tuple[int, int]:
    reach = anchor * size_bp // BP_ONE
    return max(anchor - reach, 0), anchor + reach


def _within(case: Case, base: int, window: tuple[int, int], limit: str) -> Verdict:
    """Stops a move at the window's edge. It never forces one: only the edge in the move's own direction counts."""
    (low, high), current = window, case.item.base_price
    bounds, ending = case.bounds, case.store.settings.ending
    if base > current and base > high:
        if high < bounds.base_floor:
            return noted(base, f"{BREAKS} {limit}")
        kept = highest_base(case.basis, max(current + 1, bounds.base_floor), high, ending)
    elif base < current and base < low:
        if low > bounds.base_ceiling:
            return noted(base, f"{BREAKS} {limit}") if bounds.own_ceiling else held(base, f"no_room {limit}")
        kept = lowest_base(case.basis, low, min(current - 1, bounds.base_ceiling), ending)
    else:
        return passed(base)
    return held(base, f"no_room {limit}") if kept is None else moved(kept, limit)
