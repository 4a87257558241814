"""What time it is, as something that can be handed in.

Nothing in Thaman asks the machine for the time directly: a component takes a :class:`Clock`, so a test can play a
year in seconds and a replay sees the moments that were recorded.
"""

import threading
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Gives the present moment."""

    def now(self) -> datetime:
        """The present moment, timezone-aware and in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is told to move; safe to share between threads.

    It may be set backwards too, because real clocks are.
    """

    def __init__(self, start: datetime | None = None) -> None:
        """Start at ``start`` (timezone-aware), or at midnight of 1 January 2026 UTC."""
        self._lock = threading.Lock()
        self._now = _utc(start or datetime(2026, 1, 1, tzinfo=UTC))

    def now(self) -> datetime:
        """The moment last set."""
        with self._lock:
            return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move by ``by`` (negative: backwards) and return the new moment."""
        with self._lock:
            self._now += by
            return self._now

    def set(self, moment: datetime) -> None:
        """Jump to ``moment`` (timezone-aware)."""
        with self._lock:
            self._now = _utc(moment)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment without a timezone is ambiguous: give it one, e.g. datetime(2026, 1, 1, tzinfo=UTC)")
    return moment.astimezone(UTC)
