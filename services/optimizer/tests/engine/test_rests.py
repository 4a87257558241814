"""Which rest runs, and when it begins and ends."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from thaman_contracts.events.policies import DateRest, Season, SeasonRest, Sleep
from thaman_optimizer.domain.localtime import RIYADH
from thaman_optimizer.domain.rests import resting

NATIONAL_DAY = datetime(2026, 9, 23, 12, tzinfo=RIYADH)
TICK = timedelta(microseconds=1)

clocks = st.times().map(lambda one: f"{one:%H:%M}")
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


def asleep(begins: str, ends: str, now: datetime) -> bool:
    return resting((), (), Sleep(from_time=begins, until_time=ends), now, RIYADH) == "sleep"


@pytest.mark.parametrize(
    ("begins", "ends", "clock", "wanted"),
    [
        ("13:00", "15:30", "12:59:59", False),
        ("13:00", "15:30", "13:00:00", True),
        ("13:00", "15:30", "15:29:59", True),
        ("13:00", "15:30", "15:30:00", False),
        ("23:00", "06:00", "22:59:59", False),
        ("23:00", "06:00", "23:00:00", True),
        ("23:00", "06:00", "00:00:00", True),
        ("23:00", "06:00", "05:59:59", True),
        ("23:00", "06:00", "06:00:00", False),
        ("00:00", "23:59", "23:59:30", False),
        ("22:00", "00:00", "23:59:59", True),
        ("22:00", "00:00", "00:00:00", False),
    ],
)
def test_sleep_by_the_stores_clock(begins: str, ends: str, clock: str, wanted: bool) -> None:
    here = datetime.combine(NATIONAL_DAY.date(), time.fromisoformat(clock), tzinfo=RIYADH)
    assert asleep(begins, ends, here) == wanted
    assert asleep(begins, ends, here.astimezone(UTC)) == wanted


@given(clocks, clocks, moments)
@example("23:00", "06:00", datetime(2026, 1, 1, 3, 0, tzinfo=UTC))
def test_one_sleeps_from_a_to_b_or_from_b_to_a(first: str, second: str, now: datetime) -> None:
    assume(first != second)
    assert asleep(first, second, now) != asleep(second, first, now)


@given(moments, st.timedeltas(timedelta(microseconds=1), timedelta(days=400)), moments)
def test_dates_hold_from_the_first_instant_to_before_the_last(begins: datetime, long: timedelta, now: datetime) -> None:
    rest = DateRest(name="campaign", starts_at=begins, ends_at=begins + long)
    for instant in (begins, begins + long - TICK):
        assert resting((), (rest,), None, instant, RIYADH) == "campaign"
    for instant in (begins - TICK, begins + long):
        assert resting((), (rest,), None, instant, RIYADH) is None
    assert (resting((), (rest,), None, now, RIYADH) == "campaign") == (begins <= now < begins + long)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(-90, 90))
def test_seasons_with_days_before_and_after(before: int, after: int, away: int) -> None:
    rest = SeasonRest(season=Season.NATIONAL_DAY, days_before=before, days_after=after)
    running = resting((rest,), (), None, NATIONAL_DAY + timedelta(days=away), RIYADH)
    assert running == ("national_day" if -before <= away <= after else None)


def test_which_name_a_rest_has() -> None:
    seasons = SeasonRest(season=Season.WHITE_FRIDAY), SeasonRest(season=Season.NATIONAL_DAY)
    dates = DateRest(name="تجديد المتجر", starts_at=NATIONAL_DAY - TICK, ends_at=NATIONAL_DAY + TICK)
    sleep = Sleep(from_time="11:00", until_time="13:00")
    assert resting(seasons, (dates,), sleep, NATIONAL_DAY, RIYADH) == "تجديد المتجر"
    assert resting(seasons, (), sleep, NATIONAL_DAY, RIYADH) == "national_day"
    assert resting(seasons[:1], (), sleep, NATIONAL_DAY, RIYADH) == "sleep"
    assert resting(seasons[:1], (), None, NATIONAL_DAY, RIYADH) is None


@pytest.mark.parametrize("now", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_ends_of_time_are_no_error(now: datetime) -> None:
    rests = tuple(SeasonRest(season=season, days_before=60, days_after=60) for season in Season)
    nap = Sleep(from_time="12:00", until_time="12:01")
    assert resting(rests, (), nap, now, RIYADH) in (None, *Season)
