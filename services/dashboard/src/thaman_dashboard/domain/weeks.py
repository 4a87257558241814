"""Weeks as the services count them: Monday to Sunday, UTC; and the code of what is left alone for comparison."""

from datetime import UTC, date, datetime, timedelta

CONTROLLED = "control/control_share"
"""The optimizer's reason of a hold of an item in the control share."""

WEEK = timedelta(days=7)


def week_of(at: datetime) -> date:
    """The Monday of the week of an instant."""
    day = at.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())
