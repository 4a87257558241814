"""Ceiling, then floor: the floor comes last of the two and wins."""

from thaman_optimizer.domain.endings import highest_base, lowest_base
from thaman_optimizer.domain.guards.base import Case, Verdict, held, moved, passed


def ceiling(case: Case, base: int) -> Verdict:
    """Never above the ceiling; the ending is kept if the limits leave room for it.

    A price that stands above a ceiling the merchant did not set is somebody's own doing: it is not cut unless the
    market wants it lower.
    """
    bounds = case.bounds
    if base <= bounds.base_ceiling:
        return passed(base, f"ceiling={bounds.ceiling}")
    if not bounds.own_ceiling and base >= case.item.base_price > bounds.base_ceiling:
        return held(base, f"above_ceiling ceiling={bounds.ceiling}")
    kept = highest_base(case.basis, bounds.base_floor, bounds.base_ceiling, case.store.settings.ending)
    return moved(bounds.base_ceiling if kept is None else kept, f"ceiling={bounds.ceiling}")


def floor(case: Case, base: int) -> Verdict:
    """Never below the floor; rounding is repeated upwards."""
    bounds = case.bounds
    if base >= bounds.base_floor:
        return passed(base, f"floor={bounds.floor}")
    kept = lowest_base(case.basis, bounds.base_floor, bounds.base_ceiling, case.store.settings.ending)
    return moved(bounds.base_floor if kept is None else kept, f"floor={bounds.floor}")
