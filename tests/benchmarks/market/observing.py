"""What the shop sees of its rivals: late, sometimes of another product, sometimes misread."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.market.worlds import DAYS, World

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

_MISREADINGS = np.array([0.1, 10.0, 1 / 3.75])


@dataclass(frozen=True, slots=True)
class Lens:
    """How each rival's page is seen: items x rivals, or days x items x rivals.

    ``factor`` turns the true price into the one that is read; ``confidence`` (basis points) is the matcher's.
    """

    looks: Flags
    factor: NDArray[np.float32]
    stock_misread: Flags
    confidence: NDArray[np.int64]


@dataclass(slots=True)
class Sightings:
    """The newest sighting of each rival: items x rivals. ``day`` is -1 where there was none yet."""

    price: NDArray[np.int64]
    day: NDArray[np.int64]
    in_stock: Flags

    def copy(self) -> "Sightings":
        """An independent copy."""
        return Sightings(self.price.copy(), self.day.copy(), self.in_stock.copy())


def draw_lens(random: np.random.Generator, world: World, exists: Flags) -> Lens:
    """Mismatches last; bait pages last too; misreadings come and go."""
    shape = exists.shape
    kind = random.random(shape)
    mismatched = kind < world.mismatched
    bait = (kind >= world.mismatched) & (kind < world.mismatched + world.bait)
    lasting = np.where(mismatched, np.exp(random.normal(0.0, 0.4, shape)), 1.0)
    lasting = np.where(bait, random.uniform(0.45, 0.75, shape), lasting)
    slips = random.random((DAYS, *shape)) < world.glitches
    factor = np.where(slips, random.choice(_MISREADINGS, (DAYS, *shape)), 1.0) * lasting
    confidence = np.where(mismatched, random.beta(6, 4, shape), random.beta(12, 2, shape))
    return Lens(
        looks=(random.random((DAYS, *shape)) < world.refreshed) & exists,
        factor=factor.astype(np.float32),
        stock_misread=random.random((DAYS, *shape)) < world.stock_misread,
        confidence=np.round(confidence * 10_000).astype(np.int64),
    )


def nothing_seen(shape: tuple[int, ...]) -> Sightings:
    """Before the first look."""
    return Sightings(np.zeros(shape, dtype=np.int64), np.full(shape, -1), np.zeros(shape, dtype=np.bool_))


def look(lens: Lens, sightings: Sightings, day: int, prices: Array, in_stock: Flags) -> None:
    """Today's looks replace what was seen before."""
    looks = lens.looks[day]
    read = np.maximum(np.round(prices * lens.factor[day]), 1).astype(np.int64)
    sightings.price[looks] = read[looks]
    sightings.day[looks] = day
    sightings.in_stock[looks] = (in_stock ^ lens.stock_misread[day])[looks]
