"""The virtual clock. It follows real time until it is shifted or frozen."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

RIYADH = timezone(timedelta(hours=3), "Asia/Riyadh")
"""Saudi time; the country has no summer time."""


@dataclass(slots=True)
class ClockSetting:
    """How virtual time differs from real time. ``frozen_at`` wins over ``offset_seconds``."""

    offset_seconds: int = 0
    frozen_at: datetime | None = None


class Clock:
    """Tells the virtual time and lets waiters know when it was moved."""

    def __init__(self, setting: ClockSetting) -> None:
        self.setting = setting
        self._listeners: list[Callable[[], None]] = []

    def on_move(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after every change of the clock."""
        self._listeners.append(listener)

    def timestamp(self) -> float:
        """Virtual Unix time in seconds."""
        frozen = self.setting.frozen_at
        return frozen.timestamp() if frozen is not None else time.time() + self.setting.offset_seconds

    def now(self) -> datetime:
        """Virtual time, UTC."""
        return datetime.fromtimestamp(self.timestamp(), UTC)

    def today(self) -> date:
        """The day in Riyadh."""
        return self.now().astimezone(RIYADH).date()

    @property
    def frozen(self) -> bool:
        """Whether virtual time stands still."""
        return self.setting.frozen_at is not None

    def set(self, *, offset_seconds: int | None = None, frozen_at: datetime | None = None) -> None:
        """Follow real time with an offset, or stand still at ``frozen_at``."""
        self.setting.offset_seconds = offset_seconds or 0
        self.setting.frozen_at = frozen_at
        self._tell()

    def advance(self, seconds: int) -> None:
        """Move on by ``seconds``, frozen or not."""
        if self.setting.frozen_at is not None:
            self.setting.frozen_at += timedelta(seconds=seconds)
        else:
            self.setting.offset_seconds += seconds
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


def salla_date(moment: datetime) -> dict[str, object]:
    """A moment as the Merchant API writes dates: local time without an offset."""
    local = moment.astimezone(RIYADH)
    return {"date": local.strftime("%Y-%m-%d %H:%M:%S.%f"), "timezone_type": 3, "timezone": "Asia/Riyadh"}


def plain_date(moment: datetime) -> str:
    """A moment as app events write it: ``2022-12-31 12:31:25``, Saudi time."""
    return moment.astimezone(RIYADH).strftime("%Y-%m-%d %H:%M:%S")


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def script_date(moment: datetime) -> str:
    """A moment as store events write it: ``Sun Dec 14 2025 11:41:40 GMT+0300``, whatever the locale."""
    local = moment.astimezone(RIYADH)
    day, month = _DAYS[local.weekday()], _MONTHS[local.month - 1]
    return f"{day} {month} {local.day:02d} {local.year} {local:%H:%M:%S} GMT+0300"
