"""Slot arithmetic in Riyadh's wall time.

A *slot* is an instant at which something is due once. Slots lie on a :class:`Grid`: an anchor and a period. Everything
is a function of the grid and an instant, so a process that was away, or whose clock moved, works out the same slots.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

RIYADH = ZoneInfo("Asia/Riyadh")
EPOCH = datetime(2000, 1, 3)  # noqa: DTZ001 - wall time in Riyadh; a Monday, so that weekday 0 needs no correction
DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)


def _wall(at: datetime) -> datetime:
    return at.astimezone(RIYADH).replace(tzinfo=None)


def _instant(wall: datetime) -> datetime:
    return wall.replace(tzinfo=RIYADH).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Grid:
    """Instants ``anchor + k * period`` for every whole ``k``; the anchor is Riyadh wall time without zone."""

    anchor: datetime
    period: timedelta

    def at_or_before(self, at: datetime) -> datetime:
        """The latest slot not after ``at``."""
        steps = (_wall(at) - self.anchor) // self.period
        return _instant(self.anchor + steps * self.period)

    def after(self, at: datetime) -> datetime:
        """The first slot after ``at``."""
        steps = (_wall(at) - self.anchor) // self.period
        return _instant(self.anchor + (steps + 1) * self.period)

    def holds(self, at: datetime) -> bool:
        """Whether ``at`` is one of the slots."""
        return self.at_or_before(at) == at


@dataclass(frozen=True, slots=True)
class Slots:
    """The slots of one or more grids, each instant once."""

    grids: tuple[Grid, ...]

    def at_or_before(self, at: datetime) -> datetime:
        """The latest slot not after ``at``."""
        return max(grid.at_or_before(at) for grid in self.grids)

    def before(self, at: datetime) -> datetime:
        """The latest slot before ``at``."""
        return self.at_or_before(at - _TICK)

    def after(self, at: datetime) -> datetime:
        """The first slot after ``at``."""
        return min(grid.after(at) for grid in self.grids)

    def following(self, at: datetime, count: int) -> Sequence[datetime]:
        """The next ``count`` slots after ``at``, for people."""
        found = [self.after(at)]
        while len(found) < count:
            found.append(self.after(found[-1]))
        return found

    @property
    def widest(self) -> timedelta:
        """No two neighbouring slots are further apart than this."""
        return min(grid.period for grid in self.grids)


def store_offset(store_id: str) -> timedelta:
    """Where in the day a store's grids are anchored, in whole seconds: stable, and spread evenly over the stores."""
    digest = sha256(f"thaman.schedule.{store_id}".encode()).digest()
    return timedelta(seconds=int.from_bytes(digest[:8], "big") % int(DAY.total_seconds()))


def every(hours: int, store_id: str) -> Grid:
    """A store's slots every ``hours`` hours.

    All grids of a store share their anchor, so where one period divides the other their slots are the same instants
    and count once.
    """
    return Grid(EPOCH + store_offset(store_id), timedelta(hours=hours))


def daily(hour: int) -> Grid:
    """Every day at ``hour`` o'clock in Riyadh."""
    return Grid(EPOCH + timedelta(hours=hour), DAY)


def weekly(weekday: int, hour: int) -> Grid:
    """Every week on ``weekday`` (0 = Monday) at ``hour`` o'clock in Riyadh."""
    return Grid(EPOCH + timedelta(days=weekday, hours=hour), timedelta(days=7))


def counted_from(start: datetime, period: timedelta) -> Grid:
    """Slots at ``start`` plus whole periods."""
    return Grid(_wall(start), period)
