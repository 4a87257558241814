"""When a store stops by itself, as a pure question."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_contracts.events.breaker import BreakerLimits
from thaman_contracts.events.onboarding import CatalogItem, ItemStatus
from thaman_onboarding.domain.breaker import (
    Anomaly,
    InHand,
    Jumps,
    Move,
    Origin,
    Plan,
    Trip,
    Window,
    judge,
    jumps_of,
    median,
    moves_of,
)
from thaman_onboarding.domain.breaker_words import percent, words
from thaman_onboarding.domain.catalogue import KnownItem, SeenItem

COUNT = st.integers(0, 200)
MOVES = st.lists(st.integers(-5_000, 5_000), max_size=40).map(tuple)
WINDOWS = st.builds(
    Window,
    items=st.integers(0, 200),
    changing=COUNT,
    began=COUNT,
    troubled=COUNT,
    written=COUNT,
    edited=COUNT,
    jumped=COUNT,
    plans=st.lists(MOVES.map(lambda moves: Plan(uuid4(), moves)), max_size=3).map(tuple),
)
MAYBE = st.none() | st.integers(0, 10_000)
LIMITS = st.builds(
    BreakerLimits,
    min_items=st.integers(1, 50),
    min_count=st.integers(1, 10),
    changes=st.none() | COUNT,
    changes_bp=MAYBE,
    run_median_bp=MAYBE,
    large_cut_bp=st.integers(0, 5_000),
    large_cuts_bp=MAYBE,
    troubles_bp=MAYBE,
    edits=st.none() | COUNT,
    edits_bp=MAYBE,
    jumps_bp=MAYBE,
)
OFF: dict[str, Any] = dict.fromkeys(
    ("changes", "changes_bp", "run_median_bp", "large_cuts_bp", "troubles_bp", "edits", "jumps_bp")
)


@given(window=WINDOWS, limits=LIMITS)
def test_a_trip_is_over_a_limit_that_is_set_and_says_so(window: Window, limits: BreakerLimits) -> None:
    trip = judge(window, limits)
    if trip is None:
        return
    assert trip.limit == getattr(limits, trip.setting)
    assert trip.seen > trip.limit  # a share is shown rounded up
    assert trip.count > 0
    for text in words(trip, limits):
        assert trip.setting in text
        assert "{" not in text


@given(window=WINDOWS, limits=LIMITS)
def test_what_is_off_never_trips(window: Window, limits: BreakerLimits) -> None:
    assert judge(window, limits.model_copy(update={"enabled": False})) is None
    assert judge(window, limits.model_copy(update=OFF)) is None


@given(window=WINDOWS, limits=LIMITS, more=st.sampled_from(["changing", "troubled", "edited", "jumped"]))
def test_more_of_the_same_never_calms_it(window: Window, limits: BreakerLimits, more: str) -> None:
    if judge(window, limits) is not None:
        worse = {name: getattr(window, name) for name in Window.__slots__} | {more: getattr(window, more) + 1}
        assert judge(Window(**worse), limits) is not None


@given(window=WINDOWS, limits=LIMITS)
def test_a_stricter_limit_never_calms_it(window: Window, limits: BreakerLimits) -> None:
    if judge(window, limits) is not None:
        stricter = {name: max(value - 1, 0) for name in OFF if (value := getattr(limits, name)) is not None}
        assert judge(window, limits.model_copy(update=stricter)) is not None


@given(st.lists(st.integers(0, 10_000), min_size=1))
def test_half_of_all_are_at_least_the_median(sizes: list[int]) -> None:
    middle = median(sizes)
    assert middle in sizes
    assert 2 * sum(size >= middle for size in sizes) >= len(sizes)
    assert 2 * sum(size <= middle for size in sizes) >= len(sizes)


def plan(*moves: int) -> tuple[Plan, ...]:
    return (Plan(uuid4(), moves),)


@pytest.mark.parametrize(
    ("window", "anomaly", "seen"),
    [
        (Window(items=100, jumped=20), None, 0),
        (Window(items=100, jumped=21), Anomaly.JUMPS, 2_100),
        (Window(items=20, jumped=4), None, 0),
        (Window(items=20, jumped=5), Anomaly.JUMPS, 2_500),
        (Window(items=19, jumped=19), None, 0),
        (Window(items=9_999, jumped=2_000), Anomaly.JUMPS, 2_001),
        (Window(items=500, written=60, edited=10), None, 0),
        (Window(items=500, written=60, edited=11), Anomaly.EDITS, 11),
        (Window(items=5_000, written=110, edited=11), None, 0),
        (Window(items=500, began=50, troubled=25), None, 0),
        (Window(items=500, began=50, troubled=26), Anomaly.TROUBLES, 5_200),
        (Window(items=500, began=19, troubled=19), None, 0),
        (Window(items=500, began=20, troubled=11), Anomaly.TROUBLES, 5_500),
        (Window(plans=plan(*[-2_001] * 19)), None, 0),
        (Window(plans=plan(*[-1_500] * 20)), None, 0),
        (Window(plans=plan(*[-1_501] * 7, *[100] * 13)), Anomaly.LARGE_CUTS, 3_500),
        (Window(plans=plan(*[2_001] * 20)), Anomaly.RUN_MEDIAN, 2_001),
        (Window(items=100, changing=100, began=100), None, 0),
    ],
)
def test_the_limits_that_thaman_comes_with(window: Window, anomaly: Anomaly | None, seen: int) -> None:
    trip = judge(window, BreakerLimits())
    assert (None if trip is None else (trip.anomaly, trip.seen)) == (None if anomaly is None else (anomaly, seen))


def item(**changes: Any) -> CatalogItem:
    values = {"product_id": "1", "name": "x", "status": ItemStatus.SALE, "currency": "SAR", "base_price": 10_000}
    return CatalogItem.model_validate(values | {"shelf_price": 10_000, "cost": 5_000} | changes)


def test_a_small_whole_still_takes_three() -> None:
    limits = BreakerLimits(min_items=4)
    assert judge(Window(items=4, jumped=2), limits) is None
    assert judge(Window(items=4, jumped=3), limits) is not None


def test_edits_without_a_share_are_counted_alone() -> None:
    assert judge(Window(items=5_000, written=5_000, edited=11), BreakerLimits(edits_bp=None)) is not None


@pytest.mark.parametrize(
    ("change", "jumps"),
    [
        ({}, False),
        ({"base_price": 13_000}, False),
        ({"base_price": 13_001}, True),
        ({"cost": 3_500}, False),
        ({"cost": 3_499}, True),
        ({"cost": None}, False),
        ({"sale_price": 1, "shelf_price": 1}, False),
    ],
)
def test_what_a_jump_is(change: dict[str, Any], jumps: bool) -> None:
    found = jumps_of([Move(item(), item(**change))], {}, 3_000)
    assert bool(found.jumped) is jumps
    assert jumps_of([Move(item(cost=None), item())], {}, 3_000) == Jumps()


def test_a_price_of_our_own_is_no_move() -> None:
    known = {"1": KnownItem(item(), True, "x", last_written=20_000, write_version=1)}

    def keys(now: CatalogItem, ours: int = 0) -> list[str]:
        return [move.key for move in moves_of([SeenItem(now)], known, {"1": ours})]

    assert keys(item(base_price=20_000)) == []
    assert keys(item(base_price=20_001)) == ["1"]
    assert keys(item(base_price=20_001), ours=20_001) == []
    assert keys(item(base_price=20_000, cost=50)) == ["1"]
    assert moves_of([SeenItem(item(base_price=99))], {}) == ()
    assert InHand(well=frozenset({uuid4()})).is_suspicious is False


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (item(cost=5_000), Jumps(returned=frozenset({"1"}))),
        (item(cost=6_400), Jumps(returned=frozenset({"1"}))),
        (item(cost=7_000), Jumps({"1": Origin(cost=500)})),
        (item(cost=5_000, base_price=99_000), Jumps({"1": Origin(base_price=10_000)})),
        (item(cost=510), Jumps()),
    ],
)
def test_a_way_back_is_no_jump(now: CatalogItem, expected: Jumps) -> None:
    assert jumps_of([Move(item(cost=500), now)], {"1": Origin(cost=5_000)}, 3_000) == expected


def test_the_words() -> None:
    arabic, english = words(Trip(Anomaly.JUMPS, "jumps_bp", 3_750, 2_000, 45, 120), BreakerLimits())
    assert english == (
        "Stopped by itself: the cost or price of 45 of 120 items in Salla jumped by more than 30%,"
        " seen within 60 minutes (37.5%); the limit is 20% (breaker.jumps_bp)."
        " Now look at costs and prices in Salla: an import may be broken;"
        " then resume the store."
    )
    for part in ("توقفت الكتابة تلقائيًا", "بالدقائق: 60", "45", "120", "37.5%", "20%", "استأنف المتجر"):
        assert part in arabic
    assert [percent(bp) for bp in (0, 5, 150, 10_000)] == ["0%", "0.05%", "1.5%", "100%"]
