"""When seasons are: against published calendars, against the calendar read backwards, and where there is none."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise

import pytest
from hijridate import Gregorian
from hypothesis import example, given, settings
from hypothesis import strategies as st

from thaman_contracts.events.policies import Season
from thaman_optimizer.domain.localtime import RIYADH, local_time
from thaman_optimizer.domain.seasons import is_on, spans

HIJRI = (Season.RAMADAN, Season.EID_AL_FITR, Season.EID_AL_ADHA)

PUBLISHED = {
    1443: ("2022-04-02", "2022-05-02", "2022-06-30"),
    1444: ("2023-03-23", "2023-04-21", "2023-06-19"),
    1445: ("2024-03-11", "2024-04-10", "2024-06-07"),
    1446: ("2025-03-01", "2025-03-30", "2025-05-28"),
    1447: ("2026-02-18", "2026-03-20", "2026-05-18"),
    1448: ("2027-02-08", "2027-03-09", "2027-05-07"),
    1449: ("2028-01-28", "2028-02-26", "2028-04-26"),
    1450: ("2029-01-16", "2029-02-14", "2029-04-15"),
    1451: ("2030-01-05", "2030-02-04", "2030-04-04"),
    1452: ("2030-12-26", "2031-01-24", "2031-03-24"),
}
"""First days of Ramadan, Shawwal and Dhu al-Hijja: R.H. van Gent, "The Umm al-Qura Calendar of Saudi Arabia",
webspace.science.uu.nl/~gent0113/islam/ummalqura.htm; the same in the calendar ``islamic-umalqura`` of ICU 78."""

days = st.dates(date(1924, 10, 1), date(2077, 9, 15))
"""Days whose neighbours the calendar's table knows, too."""


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=RIYADH)


@pytest.mark.parametrize("year", PUBLISHED)
def test_published_dates(year: int) -> None:
    ramadan, shawwal, hajj = (date.fromisoformat(day) for day in PUBLISHED[year])
    assert (ramadan, shawwal - timedelta(days=1)) in spans(Season.RAMADAN, ramadan)
    assert (shawwal, shawwal + timedelta(days=3)) in spans(Season.EID_AL_FITR, ramadan)
    assert (hajj + timedelta(days=8), hajj + timedelta(days=12)) in spans(Season.EID_AL_ADHA, ramadan)


def test_two_ramadans_in_one_year_and_one_across_its_end() -> None:
    begun = [first for first, _ in spans(Season.RAMADAN, date(2030, 7, 1)) if first.year == 2030]
    assert begun == [date(2030, 1, 5), date(2030, 12, 26)]
    assert is_on(Season.RAMADAN, noon(date(2030, 12, 31)), RIYADH)
    assert is_on(Season.RAMADAN, noon(date(2031, 1, 1)), RIYADH)
    assert not is_on(Season.RAMADAN, noon(date(2031, 1, 24)), RIYADH)


@pytest.mark.parametrize(
    ("year", "friday"),
    # 2018 and 2024: the month has five Fridays, and the one after the fourth Thursday is the fourth or the fifth.
    [(2018, 23), (2021, 26), (2022, 25), (2023, 24), (2024, 29), (2025, 28)],
)
def test_white_friday_follows_the_fourth_thursday(year: int, friday: int) -> None:
    first = date(year, 11, friday)
    assert (first, first + timedelta(days=3)) in spans(Season.WHITE_FRIDAY, date(year, 1, 1))
    assert first.strftime("%A") == "Friday"
    assert not is_on(Season.WHITE_FRIDAY, noon(first - timedelta(days=1)), RIYADH)
    assert is_on(Season.WHITE_FRIDAY, noon(first - timedelta(days=7)), RIYADH, days_before=7)


@pytest.mark.parametrize(("season", "month", "day"), [("founding_day", 2, 22), ("national_day", 9, 23)])
def test_days_of_the_gregorian_year(season: str, month: int, day: int) -> None:
    on = [
        found
        for found in (date(2028, 1, 1) + timedelta(days=count) for count in range(366))
        if is_on(Season(season), noon(found), RIYADH)
    ]
    assert on == [date(2028, month, day)]


def test_a_day_is_the_stores_own() -> None:
    begins = datetime(2026, 9, 22, 21, 0, tzinfo=UTC)
    assert is_on(Season.NATIONAL_DAY, begins, RIYADH)
    assert not is_on(Season.NATIONAL_DAY, begins - timedelta(microseconds=1), RIYADH)
    assert is_on(Season.NATIONAL_DAY, begins + timedelta(days=1, microseconds=-1), RIYADH)
    assert not is_on(Season.NATIONAL_DAY, begins + timedelta(days=1), RIYADH)
    assert not is_on(Season.NATIONAL_DAY, begins, UTC)
    assert is_on(Season.NATIONAL_DAY, begins.astimezone(timezone(timedelta(hours=-9))), RIYADH)


@given(st.sampled_from(HIJRI), days, st.integers(0, 60), st.integers(0, 60))
def test_like_the_calendar_read_backwards(season: Season, day: date, before: int, after: int) -> None:
    near = (day + timedelta(days=away) for away in range(-after, before + 1))
    assert is_on(season, noon(day), RIYADH, before, after) == any(_holds(season, one) for one in near)


def _holds(season: Season, day: date) -> bool:
    hijri = Gregorian(day.year, day.month, day.day).to_hijri()
    return {
        Season.RAMADAN: hijri.month == 9,
        Season.EID_AL_FITR: hijri.month == 10 and hijri.day <= 4,
        Season.EID_AL_ADHA: hijri.month == 12 and 9 <= hijri.day <= 13,
    }[season]


@given(st.sampled_from(Season), st.dates(date(1927, 1, 1), date(2075, 1, 1)))
def test_every_season_comes_every_year_and_never_twice_at_once(season: Season, day: date) -> None:
    found = spans(season, day)
    assert any(first <= day for first, _ in found)
    assert any(last >= day for _, last in found)
    lengths = {Season.RAMADAN: {29, 30}, Season.EID_AL_FITR: {4}, Season.EID_AL_ADHA: {5}, Season.WHITE_FRIDAY: {4}}
    for first, last in found:
        assert (last - first).days + 1 in lengths.get(season, {1})
    for (_, ended), (begins, _) in pairwise(found):
        assert 300 < (begins - ended).days < 400


@settings(max_examples=500)
@given(
    st.sampled_from(Season),
    st.datetimes(timezones=st.sampled_from([UTC, RIYADH, timezone(timedelta(hours=-14))])),
    st.integers(0, 60),
    st.integers(0, 60),
)
@example(Season.RAMADAN, datetime.max.replace(tzinfo=UTC), 60, 60)
@example(Season.RAMADAN, datetime.min.replace(tzinfo=RIYADH), 60, 60)
def test_no_time_is_an_error(season: Season, now: datetime, before: int, after: int) -> None:
    answer = is_on(season, now, RIYADH, before, after)
    if season in HIJRI and not 1924 <= local_time(now, RIYADH).year <= 2078:
        assert not answer, "a season that cannot be computed is not on"


def test_where_the_calendars_table_ends() -> None:
    last = spans(Season.EID_AL_ADHA, date(2077, 11, 16))[-1]
    assert last == (date(2077, 10, 26), date(2077, 10, 30))
    assert is_on(Season.EID_AL_ADHA, noon(date(2077, 12, 29)), RIYADH, days_after=60), "its margin reaches on"
    assert not is_on(Season.EID_AL_ADHA, noon(date(2077, 12, 30)), RIYADH, days_after=60)
    assert spans(Season.RAMADAN, date(2090, 1, 1)) == ()
    assert spans(Season.RAMADAN, date(1920, 1, 1)) == ()
    assert spans(Season.NATIONAL_DAY, date(2090, 1, 1))[1] == (date(2090, 9, 23), date(2090, 9, 23))
