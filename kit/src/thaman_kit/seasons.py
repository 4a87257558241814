"""The Umm al-Qura calendar, and when the seasons of the Saudi year are.

Ramadan and the feasts go by the Umm al-Qura calendar, which is computed in advance and is the kingdom's civil one. The
sighting of the moon has moved a feast by a day against it; whoever wants to be sure rests a day before and after. Days
begin at midnight, not at sunset, as shops count them.

The calendar's table reaches from 1 August 1924 to 16 November 2077 (1343 to 1500 AH). A season that it does not reach
is not on: prices then go by all other rules, and no run fails for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from hijridate import Gregorian, Hijri

from thaman_contracts.events.policies import Season

Span = tuple[date, date]
"""A season's first and last day, both part of it."""

_HIJRI: Mapping[Season, tuple[int, int, int | None]] = {
    Season.RAMADAN: (9, 1, None),
    Season.EID_AL_FITR: (10, 1, 4),
    Season.EID_AL_ADHA: (12, 9, 13),
}
"""Month, first and last day by the Umm al-Qura calendar; ``None`` is the month's last."""

_GREGORIAN: Mapping[Season, tuple[int, int]] = {Season.FOUNDING_DAY: (2, 22), Season.NATIONAL_DAY: (9, 23)}
"""Month and day."""

_NEAR_DAYS = 373
"""A year and a week: two White Fridays lie up to 371 days apart, and from every day the next has to be found."""

_HIJRI_EPOCH = 227_015
"""16 July 622 of the Julian calendar, as :meth:`date.toordinal` counts."""


@dataclass(frozen=True, slots=True)
class UmmAlQura:
    """A day of the Umm al-Qura calendar."""

    year: int
    month: int
    day: int


def umm_al_qura(day: date) -> UmmAlQura | None:
    """A day by the Umm al-Qura calendar; ``None`` where its table does not reach."""
    try:
        found = Gregorian.fromdate(day).to_hijri()
    except (ValueError, OverflowError):
        return None
    return UmmAlQura(*found.datetuple())


def spans(season: Season, around: date) -> tuple[Span, ...]:
    """The season's times near a day, oldest first: at least the last, the present and the next that can be computed.

    The lunar ones move through the year: two of them can begin in one Gregorian year, and one can cross its end.
    """
    day = around.toordinal()
    found = (_span(season, year) for year in _years(season, around))
    return tuple(
        span
        for span in found
        if span is not None and span[0].toordinal() - _NEAR_DAYS <= day <= span[1].toordinal() + _NEAR_DAYS
    )


def _years(season: Season, around: date) -> range:
    """Years, of the season's own calendar, that can have a time of it near that day."""
    if season not in _HIJRI:
        return range(around.year - 1, around.year + 2)
    # Thirty Hijri years of the arithmetic calendar are 10,631 days; the true one keeps within some days of it.
    year = (around.toordinal() - _HIJRI_EPOCH) * 30 // 10_631 + 1
    return range(year - 2, year + 3)


def _span(season: Season, year: int) -> Span | None:
    """The season of one year of its own calendar, or ``None`` where that cannot be computed."""
    try:
        if season in _HIJRI:
            return _hijri(year, *_HIJRI[season])
        if season is Season.WHITE_FRIDAY:
            return _white_friday(year)
        day = date(year, *_GREGORIAN[season])
    except (ValueError, OverflowError):
        return None
    return day, day


def _hijri(year: int, month: int, first: int, last: int | None) -> Span:
    begin = Hijri(year, month, first)
    start = date.fromordinal(begin.to_gregorian().toordinal())
    return start, start + timedelta(days=(last or begin.month_length()) - first)


def _white_friday(year: int) -> Span:
    """The Friday after the fourth Thursday of November to the Monday that follows.

    That is not always the fourth Friday, nor the last. Amazon, which brought it to Saudi Arabia, takes these four days
    (advertising.amazon.com/library/guides/white-friday); shops that begin earlier say so with days before.
    """
    november = date(year, 11, 1)
    thursday = november + timedelta(days=(3 - november.weekday()) % 7 + 21)
    return thursday + timedelta(days=1), thursday + timedelta(days=4)
