"""A month as weeks of days, each with what holds on it. Pure; days are Riyadh's."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from thaman_contracts.events.policies import PricePolicy, Season
from thaman_dashboard.pages.amounts import RIYADH
from thaman_dashboard.policies_ports import LicenceShown
from thaman_kit.seasons import spans

FIRST, LAST = date(2000, 1, 1), date(2077, 1, 1)
"""Months that can be shown: as far as the Umm al-Qura calendar is computed in advance."""
SUNDAY = 6


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that holds from one day to another, both included; ``None`` is open. ``code`` names a season, ``said``
    is a person's own words."""

    kind: str
    first: date | None
    last: date | None
    code: str | None = None
    said: str | None = None

    def is_on(self, day: date) -> bool:
        """Whether it holds on a day."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the grid; one of a neighbouring month is not ``inside``."""

    on: date
    inside: bool
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """A month's weeks, from Sunday, and what holds in it."""

    first: date
    weeks: tuple[tuple[Day, ...], ...]
    marks: tuple[Mark, ...]
    before: date | None
    after: date | None


def month_of(first: date, marks: Iterable[Mark]) -> Month:
    """The month that begins on ``first``, with those of ``marks`` that hold in it."""
    following = (first + timedelta(days=32)).replace(day=1)
    start = first - timedelta(days=(first.weekday() - SUNDAY) % 7)
    near = (one for one in marks if (one.first or first) < following and (one.last or first) >= first)
    known = tuple(sorted(near, key=lambda one: one.first or FIRST))
    weeks = []
    while start < following:
        days = [start + timedelta(days=number) for number in range(7)]
        weeks.append(
            tuple(Day(one, first <= one < following, tuple(mark for mark in known if mark.is_on(one))) for one in days)
        )
        start += timedelta(days=7)
    earlier = (first - timedelta(days=1)).replace(day=1)
    return Month(
        first, tuple(weeks), known, earlier if earlier >= FIRST else None, following if following <= LAST else None
    )


def seasons_near(first: date) -> list[Mark]:
    """The seasons of the Saudi year about a month."""
    return [Mark("season", start, end, code=season.value) for season in Season for start, end in spans(season, first)]


def policy_marks(policy: PricePolicy, first: date) -> list[Mark]:
    """When prices rest by a policy, and when its dated strategies hold."""
    marks = [
        Mark("rest", start - timedelta(days=rest.days_before), end + timedelta(days=rest.days_after), rest.season.value)
        for rest in policy.season_rests
        for start, end in spans(rest.season, first)
    ]
    marks += [Mark("rest", _day(one.starts_at), _last(one.ends_at), said=one.name) for one in policy.date_rests]
    for one in policy.strategies:
        if one.season is not None:
            marks += [Mark("strategy", start, end, code=one.season.value) for start, end in spans(one.season, first)]
        elif one.starts_at is not None or one.ends_at is not None:
            begins = None if one.starts_at is None else _day(one.starts_at)
            marks.append(Mark("strategy", begins, None if one.ends_at is None else _last(one.ends_at)))
    return marks


def licence_marks(licences: Iterable[LicenceShown]) -> list[Mark]:
    """The days on which discount licences count."""
    marks = []
    for one in licences:
        last = one.licence.ends_on
        if one.revoked_from is not None:
            last = min(last, one.revoked_from - timedelta(days=1))
        if last >= one.licence.starts_on:
            marks.append(Mark("licence", one.licence.starts_on, last, said=one.licence.number))
    return marks


def watch_mark(until: datetime | None, today: date) -> list[Mark]:
    """The days, from today, on which prices are only suggested."""
    if until is None or _last(until) < today:
        return []
    return [Mark("watch", today, _last(until))]


def _day(at: datetime) -> date:
    return at.astimezone(RIYADH).date()


def _last(ends_at: datetime) -> date:
    """The last day of what ends at an instant: at midnight, the day before."""
    return _day(ends_at - timedelta(microseconds=1))
