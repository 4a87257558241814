"""The weeks that the demand model is told of, made from what was seen."""

from datetime import date, timedelta

from thaman_optimizer.domain.past import WeekRecord, history_of
from thaman_optimizer.domain.pricing import Week

MONDAY = date(2026, 3, 2)
NOTHING = (None,) * 7


def record(weeks_ago: int, units: int = 0, **fields: object) -> WeekRecord:
    given = {"paid_units": 0, "paid": 0, "prices": NOTHING, "stocked": NOTHING, "reference": None} | fields
    return WeekRecord(week=MONDAY - timedelta(weeks=weeks_ago), units=units, **given)  # type: ignore[arg-type]


def told(*records: WeekRecord, sold: tuple[int, ...] = (), today: date = MONDAY) -> tuple[Week, ...]:
    return history_of(records, frozenset(MONDAY - timedelta(weeks=ago) for ago in sold), today)


def test_a_week_s_price_is_the_mean_of_its_days_carried_on_where_nobody_looked() -> None:
    (week,) = told(record(1, prices=(None, 100, None, None, 200, None, None), stocked=(None, True, *NOTHING[2:])))
    assert week.price == 150, "three days at 100, three at 200; Monday is not known"
    before, after = told(record(2, prices=(*NOTHING[:6], 300)), record(1, prices=NOTHING))
    assert (before.price, after.price) == (300, 300)


def test_days_to_come_have_no_price() -> None:
    (week,) = told(record(0, prices=(100, 200, *NOTHING[2:])), today=MONDAY)
    assert week.price == 100


def test_the_price_paid_stands_in_for_a_shelf_that_nobody_saw() -> None:
    (week,) = told(record(3, units=3, paid_units=2, paid=199))
    assert (week.price, week.units, week.in_stock_share) == (100, 3.0, 1.0)


def test_the_share_in_stock_is_of_the_days_that_were_seen() -> None:
    (week,) = told(record(1, stocked=(True, False, True, None, None, None, None)))
    assert week.in_stock_share == 0.6667


def test_weeks_without_a_look_or_an_order_say_nothing() -> None:
    (week,) = told(record(1, reference=900))
    assert (week.in_stock_share, week.reference) == (0.0, 900)


def test_an_unseen_item_was_there_from_its_first_sale_on_and_not_before() -> None:
    weeks = told(record(4, units=2), record(1, stocked=(True,) * 7), sold=(5, 4, 3, 1))
    shares = {(MONDAY - week.week_start).days // 7: (week.units, week.in_stock_share) for week in weeks}
    assert shares == {4: (2.0, 1.0), 3: (0.0, 1.0), 1: (0.0, 1.0)}, "in week 5 and week 2 nothing is known"


def test_what_corrections_leave_below_zero_is_nothing() -> None:
    assert told(record(1, units=-2))[0].units == 0.0


def test_prices_that_cannot_be_are_unknown() -> None:
    weeks = told(record(2, prices=(0,) * 7, reference=0), record(1, prices=(10**11,) * 7))
    assert [(week.price, week.reference) for week in weeks] == [(None, None), (None, None)]
