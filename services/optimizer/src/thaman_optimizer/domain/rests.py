"""When prices rest: seasons, dates that a merchant named, and the hours of every night."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from thaman_contracts.events.policies import DateRest, SeasonRest, Sleep
from thaman_optimizer.domain.localtime import local_time
from thaman_optimizer.domain.seasons import is_on

SLEEP = "sleep"
"""The name of the rest in some hours of every day."""


def resting(
    season_rests: Sequence[SeasonRest],
    date_rests: Sequence[DateRest],
    sleep: Sleep | None,
    now: datetime,
    zone: tzinfo,
) -> str | None:
    """The name of the rest that runs at ``now`` (aware) in a store whose clocks are ``zone``'s; ``None`` = none does.

    Of several that run, dates come first because the merchant gave them a name, then seasons (``"ramadan"``), then
    :data:`SLEEP`; each in the order given.
    """
    for dates in date_rests:
        if dates.starts_at <= now < dates.ends_at:
            return dates.name
    for rest in season_rests:
        if is_on(rest.season, now, zone, rest.days_before, rest.days_after):
            return rest.season.value
    return SLEEP if sleep is not None and _asleep(sleep, now, zone) else None


def _asleep(sleep: Sleep, now: datetime, zone: tzinfo) -> bool:
    """Whether the clock stands at ``from_time`` or later, and before ``until_time``; across midnight, too."""
    clock = local_time(now, zone)
    minute = 60 * clock.hour + clock.minute
    begins, ends = _minute(sleep.from_time), _minute(sleep.until_time)
    if begins <= ends:
        return begins <= minute < ends
    return minute >= begins or minute < ends


def _minute(time: str) -> int:
    hours, minutes = time.split(":")
    return 60 * int(hours) + int(minutes)
