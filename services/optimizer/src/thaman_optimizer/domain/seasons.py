"""Whether a season of the Saudi year is on, by the store's own days.

The seasons themselves are the kit's, so that what decides prices and what shows a calendar know the same.
"""

from datetime import datetime, tzinfo

from thaman_contracts.events.policies import Season
from thaman_kit.seasons import Span, spans
from thaman_optimizer.domain.localtime import local_time

__all__ = ["Span", "is_on", "spans"]


def is_on(season: Season, now: datetime, zone: tzinfo, days_before: int = 0, days_after: int = 0) -> bool:
    """Whether ``now`` (aware) lies in the season, or in so many days before or after it.

    Margins count whole days of ``zone`` and go up to a year.
    """
    today = local_time(now, zone).date()
    day = today.toordinal()
    return any(
        first.toordinal() - days_before <= day <= last.toordinal() + days_after for first, last in spans(season, today)
    )
