"""The store's own time: what day and hour it is there."""

from datetime import datetime, timedelta, timezone, tzinfo

RIYADH = timezone(timedelta(hours=3), "Asia/Riyadh")
"""Saudi Arabia has had no other offset since 1947."""


def local_time(now: datetime, zone: tzinfo) -> datetime:
    """The aware time ``now`` as clocks in ``zone`` show it.

    In the first and last hours that a datetime can express, where ``zone`` may lie beyond, it is given back as it is.
    """
    try:
        return now.astimezone(zone)
    except OverflowError:
        return now
