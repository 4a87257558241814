"""Rivals: some stand still, some promote, some follow the shop down to a floor of their own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.market.worlds import DAYS, WEEK, World

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

UNDERCUT = 0.99


@dataclass(frozen=True, slots=True)
class Rivals:
    """The rivals of every item: items x rivals, and days x items x rivals where a day comes first.

    ``price`` is what a rival asks of itself (its regular price, or that less a promotion), in halalas. A follower takes
    it as its ceiling instead.
    """

    exists: Flags
    follows: Flags
    floor: Array
    price: NDArray[np.float32]
    in_stock: Flags
    wakes: Flags

    def after(self, day: int, standing: Array, own: Array) -> Array:
        """Where the rivals stand on ``day``, given where they stood and the shop's price yesterday."""
        asked = self.price[day].astype(np.float64)
        return np.where(self.follows, np.where(self.wakes[day], self.answer(day, own), standing), asked)

    def answer(self, day: int, own: Array) -> Array:
        """The price with which a follower answers the shop's price."""
        ceiling = self.price[day].astype(np.float64)
        return np.clip(UNDERCUT * own[:, None], np.minimum(self.floor * ceiling, ceiling), ceiling)


def draw_rivals(random: np.random.Generator, world: World, worth: Array, cost_ratio: Array) -> Rivals:
    """Rivals around what an item is worth; they pass on ``cost_ratio`` (days x items, 1 at first) late and in part."""
    shape = (len(worth), world.most_rivals)
    exists = _how_many(random, world, len(worth))[:, None] > np.arange(world.most_rivals)
    kind = random.random(shape)
    promotes = kind < world.promoting
    follows = (kind >= 1 - world.following) & exists
    regular = worth[:, None] * np.exp(random.normal(0.0, 0.07, shape))
    path = regular * _own_moves(random, shape, world.rival_trend) * _passed_on(cost_ratio)[:, :, None]
    path *= np.where(promotes, _promotions(random, shape), 1.0)
    return Rivals(
        exists=exists,
        follows=follows,
        floor=world.follower_floor * np.exp(random.normal(0.0, 0.04, shape)),
        price=np.round(path).astype(np.float32),
        in_stock=_availability(random, shape) & exists,
        wakes=random.random((DAYS, *shape)) < world.follow_rate,
    )


def _how_many(random: np.random.Generator, world: World, items: int) -> NDArray[np.int64]:
    count = 1 + random.geometric(1 / world.rivals_mean, items)
    count = np.where(random.random(items) < world.without_rivals, 0, count)
    return np.minimum(count, world.most_rivals)


def _passed_on(cost_ratio: Array, share: float = 0.7, half_life: float = 14.0) -> Array:
    keep = 0.5 ** (1 / half_life)
    smooth = np.empty_like(cost_ratio)
    level = np.zeros(cost_ratio.shape[1])
    for day, log_ratio in enumerate(np.log(cost_ratio)):
        level = keep * level + (1 - keep) * log_ratio
        smooth[day] = level
    return np.asarray(np.exp(share * smooth))


def _own_moves(random: np.random.Generator, shape: tuple[int, int], trend: float) -> Array:
    """Rare corrections of regular prices: about one in ten weeks, a few per cent."""
    weeks = DAYS // WEEK
    steps = np.where(random.random((weeks, *shape)) < 0.1, random.normal(0.0, 0.03, (weeks, *shape)), 0.0)
    # Steps fade, so that a rival stays a rival.
    path = np.empty_like(steps)
    level = np.zeros(shape)
    for week in range(weeks):
        level = 0.97 * level + steps[week]
        path[week] = level + trend * week
    return np.asarray(np.repeat(np.exp(path), WEEK, axis=0))


def _promotions(random: np.random.Generator, shape: tuple[int, int]) -> Array:
    factor = np.ones((DAYS, *shape))
    left = np.zeros(shape, dtype=np.int64)
    depth = np.ones(shape)
    for day in range(DAYS):
        starts = (left == 0) & (random.random(shape) < 0.02)
        left = np.where(starts, random.integers(5, 15, shape), np.maximum(left - 1, 0))
        depth = np.where(starts, random.uniform(0.78, 0.93, shape), depth)
        factor[day] = np.where(left > 0, depth, 1.0)
    return factor


def _availability(random: np.random.Generator, shape: tuple[int, int]) -> Flags:
    present = np.empty((DAYS, *shape), dtype=np.bool_)
    now = random.random(shape) < 0.9
    for day in range(DAYS):
        chance = random.random(shape)
        now = np.where(now, chance > 0.02, chance < 0.2)
        present[day] = now
    return present
