"""Analytics from events alone: weeks, orders and rivals' changes folded, and pages that say them with their methods."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from statistics import mean
from typing import Any

import pytest

from thaman_contracts.events import EventData, onboarding
from thaman_contracts.events.settings import ItemRule, StoreSettings
from thaman_dashboard.domain.weeks import CONTROLLED, week_of
from thaman_dashboard.domain.windows import windows
from thaman_dashboard.testing import NOW, Streams
from thaman_dashboard.testing_events import Run, authorized, item, observed, rules, told
from thaman_dashboard.testing_pages import House, standing_house
from thaman_dashboard.views import Role
from thaman_kit.embedded.databases import Databases

WEEK = 7 * 24 * 60
EVIL = "<script>alert(1)</script>"
PRODUCTS = 42
PRICED = PRODUCTS // 2
FIRST = -11
BEGAN = -6
"""Weeks from now with the first sales, and in which the control share was set."""


def order(minutes: int, number: str, *lines: tuple[str, int, int | None], **changes: Any) -> onboarding.SalesObserved:
    """An order as it is now: product, pieces, price paid."""
    fields: dict[str, Any] = {
        "order_id": number,
        "state": "counted",
        "placed_at": NOW + timedelta(minutes=minutes),
        "source": "webhook",
        "lines": [{"product_id": key, "quantity": pieces, "unit_price": price} for key, pieces, price in lines],
    }
    made: onboarding.SalesObserved = told(onboarding.SalesObserved, "77", minutes, **fields | changes)
    return made


def is_control(number: int) -> bool:
    """Half of the products, so that the made-up store has enough on each side."""
    return number % 2 == 0


def pieces(number: int, week: int) -> int:
    """What a product sells in a week: priced ones sell one more once the comparison runs, and all of them vary."""
    return 2 + number % 3 + (1 if week > BEGAN and not is_control(number) else 0) + number * week * week % 7 % 3


def experiment() -> Iterator[EventData]:
    """A store whose priced products sell one piece more a week once the comparison runs: 50.00 without VAT each, cost
    20.00, so 30.00 of profit."""
    keys = [str(number) for number in range(1, PRODUCTS + 1)]
    yield authorized("77", -20 * WEEK, name=EVIL, settings=StoreSettings(control_share_bp=5_000))
    yield observed("77", -20 * WEEK, *(item(key, 5_750, cost=2_000, category=EVIL, brand="b") for key in keys))
    for week in range(FIRST, 0):
        run = Run("77", f"w{week}")
        for key in keys:
            number, controlled = int(key), is_control(int(key)) and week >= BEGAN
            reason = CONTROLLED if controlled else "result/already_right"
            yield run.held(week * WEEK, key, reason, shelf_price=5_750 + 10 * week, reference=5_000)
            yield order(week * WEEK + 1, f"{key}.{week}", (key, pieces(number, week), 5_750))


@pytest.fixture(scope="module")
def house(postgres_server: Databases) -> Iterator[House]:
    """The application over that store, with rivals of which one moved."""
    with standing_house(postgres_server) as standing:
        run = Run("77", "now")
        moved = [
            run.offers(-10 * 24 * 60, ("1", "https://a.example/1", 5_000), ("2", "https://b.example/2", 6_000)),
            run.offers(-2 * 24 * 60, ("1", "https://a.example/1", 4_500), ("2", "https://b.example/2", 6_000)),
            run.offers(-60, ("1", "https://a.example/1", 4_500), ("2", "https://b.example/2", 6_300),
                       ("3", "https://c.example/3", None)),
        ]  # fmt: skip
        latest = [
            run.held(-30, key, shelf_price=5_750, reference=reference)
            for key, reference in (("1", 4_500), ("2", 5_760))
        ]
        standing.streams.deliver(*experiment(), *moved, *latest, authorized("78"))
        yield standing


def test_an_order_counts_as_it_is_now_with_the_cost_that_was_known(container: Any) -> None:
    database = container.application.database
    Streams(container).deliver(
        authorized("77"), observed("77", 0, item("1", 1_150, cost=400), item("2", 2_300, cost=None)),
        order(1, "a", ("1", 2, 1_150), ("2", 1, 2_300)), order(2, "b", ("1", 1, None)),
        order(3, "c", ("1", 5, 1_150), state="pending"),
        rules("77", 4, ItemRule(product_id="1", cost=500)),
        order(5, "d", ("1", 1, 1_000)),
        order(6, "a", ("1", 1, 1_150), placed_at=NOW), order(7, "d", ("1", 1, 1_000), state="not_counted"),
    )  # fmt: skip
    rows = database.fetch_all("SELECT * FROM sales_weeks WHERE units <> 0 ORDER BY item_key")
    assert [(row["item_key"], row["units"], row["paid_units"], row["paid"], row["cost"]) for row in rows] == [
        ("1", 2, 1, 1_150, 900)
    ], "one of order a at the merchant's own cost, one of order b at Salla's and without a price"
    assert rows[0]["week"] == week_of(NOW) == date(2026, 11, 23)


def test_what_price_changes_brought_is_told_with_its_interval(house: House) -> None:
    browser = house.browser("77", Role.VIEWER)
    page = browser.page("/analytics")
    assert "Changes of prices brought, in a week:" in page.text and "too clear for chance" in page.text
    amounts = [halalas for halalas, _ in page.amounts]
    low, high = amounts[1:3]
    assert low < PRICED * 3_000 < high, "a piece more a week of each of them brings 30.00"
    changes: dict[bool, list[float]] = {True: [], False: []}
    for number in range(1, PRODUCTS + 1):
        before, after = (
            mean(pieces(number, week) for week in weeks) for weeks in (range(-11, BEGAN), range(BEGAN + 1, 0))
        )
        changes[is_control(number)].append(after - before)
    assert abs(amounts[0] - PRICED * 3_000 * (mean(changes[False]) - mean(changes[True]))) <= PRICED
    assert page.unlabelled == [] and EVIL not in page.html
    assert "ما جلبته" not in page.text and "جلبت تغييرات" in browser.page("/analytics", "ar").text


def test_where_nobody_can_say_it_says_so(house: House) -> None:
    page = house.browser("78").page("/analytics")
    assert "Not enough data yet" in page.text and "Set a control share" in page.text
    for path in ("/analytics/market", "/analytics/index", "/analytics/rivals"):
        assert house.browser("78").page(path, "ar").amounts == [], path
    assert "Not enough data yet" in house.browser("78").page("/analytics/index").text


def test_the_market_is_shown_by_item_group_and_week(house: House) -> None:
    browser = house.browser("77")
    page = browser.page("/analytics/market?by=category")
    assert [halalas for halalas, _ in page.amounts] == [5_750, 4_500, 5_750, 5_760], "farthest first"
    assert EVIL not in page.html and "2026-11-16" in page.text
    assert [halalas for halalas, _ in browser.page("/analytics/market?position=at").amounts] == [5_750, 5_760]
    assert browser.get("/analytics/market?after=x").status_code == 422
    overview = house.container.read_models.overview("77", NOW)
    groups = house.desk.analytics.counts_by("77", NOW, "brand", 10)
    assert sum(one.all for one in groups) == sum(overview.position.values()) == 2
    index = browser.page("/analytics/index")
    assert "100%" in index.text and "2026-11-16" in index.text
    points = house.desk.analytics.links("77", [date(2026, 9, 14) + timedelta(weeks=number) for number in range(11)])
    assert {one.items for one in points[:-1]} == {PRODUCTS}


def test_rivals_changes_are_counted_by_rival(house: House) -> None:
    week, month = (house.desk.analytics.movements("77", NOW - timedelta(days=days), 10) for days in (7, 30))
    assert [(one.rises, one.falls, one.items) for one in week] == [(1, 1, 2)]
    assert week == month
    page = house.browser("77").page("/analytics/rivals?days=30")
    assert "Prices that rivals changed" in page.text
    assert "No rival changed" in house.browser("78").page("/analytics/rivals").text


def test_a_comparison_runs_over_whole_weeks_without_a_gap() -> None:
    weeks = [date(2026, 8, 3) + timedelta(weeks=number) for number in range(17)]
    now = weeks[16]
    found = windows([weeks[3], *weeks[8:16]], weeks[5], now)
    assert found is not None
    assert (found.begins, found.before, found.after) == (weeks[8], tuple(weeks[6:8]), tuple(weeks[9:16]))
    assert windows(weeks[3:15], weeks[0], now) is None, "a week without a control share ended it"
    assert windows([], weeks[0], now) is None
    young = windows([now], None, now)
    assert young is not None and (young.before, young.after) == ((), ())
    assert week_of(datetime(2026, 11, 29, 23, 59, tzinfo=UTC)) == date(2026, 11, 23)
