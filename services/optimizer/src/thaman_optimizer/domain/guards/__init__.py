"""The guards in the order of product.md B8. Each is a pure function; each leaves an entry in the trail.

A price can only pass all of them, be moved by some, or be held by one. Where limits contradict, the floor wins.
"""

from thaman_optimizer.domain.guards.access import entitlement, lock, stop_fence
from thaman_optimizer.domain.guards.base import Case, Guard, Outcome, Verdict
from thaman_optimizer.domain.guards.calendar import discount_licence, season_window
from thaman_optimizer.domain.guards.fitness import data_fitness
from thaman_optimizer.domain.guards.limits import ceiling, floor
from thaman_optimizer.domain.guards.market import outliers, rounding, strategy
from thaman_optimizer.domain.guards.movement import BREAKS, cooldown, day_budget, largest_step, week_move

GUARDS: tuple[Guard, ...] = (
    stop_fence,
    entitlement,
    lock,
    data_fitness,
    strategy,
    outliers,
    rounding,
    ceiling,
    floor,
    largest_step,
    week_move,
    day_budget,
    cooldown,
    season_window,
    discount_licence,
)

__all__ = ["BREAKS", "GUARDS", "Case", "Guard", "Outcome", "Verdict"]
