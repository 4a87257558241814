"""Requests per minute by plan, as a store's shared budget.

Model: a window of 60 s opens with the first call; within it the plan's number of calls is free, after that one call a
second until the window ends. Follows the virtual clock.
"""

import math
from dataclasses import dataclass

from thaman_sandbox.errors import TooManyRequests
from thaman_sandbox.models import RateWindow, Store
from thaman_sandbox.world import World

WINDOW_SECONDS = 60
PER_MINUTE = {"plus": 120, "pro": 360, "special": 720}


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of a store's minute."""

    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """As response headers."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }


def limit_of(world: World, store: Store) -> int:
    """The plan's requests per minute."""
    return PER_MINUTE.get(store.plan, world.switches.basic_plan_per_minute)


def spend(world: World, store: Store) -> Budget:
    """Count one call; :class:`TooManyRequests` when the store must wait."""
    now = world.clock.timestamp()
    window = _window(world, store, now)
    limit = limit_of(world, store)
    if window.count >= limit and 0 <= now - window.last < 1:
        raise TooManyRequests(1)
    window.count += 1
    window.last = now
    world.state.add_window(window)
    return _budget(window, limit)


def budget(world: World, store: Store) -> Budget:
    """The budget without spending of it."""
    return _budget(_window(world, store, world.clock.timestamp()), limit_of(world, store))


def _window(world: World, store: Store, now: float) -> RateWindow:
    window = world.state.windows.get(store.id)
    if window is None or not 0 <= now - window.start < WINDOW_SECONDS:
        window = RateWindow(store.id, now)
        world.state.add_window(window)
    return window


def _budget(window: RateWindow, limit: int) -> Budget:
    return Budget(limit, max(limit - window.count, 0), math.ceil(window.start + WINDOW_SECONDS))
