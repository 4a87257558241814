"""What the analytics keep between two looks is what they would find anew, whatever was told in between."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thaman_contracts.events import EventData, onboarding
from thaman_dashboard.adapters.analytics_reading import AnalyticsReading
from thaman_dashboard.bootstrap import Container
from thaman_dashboard.domain.sold import Sold
from thaman_dashboard.domain.weeks import CONTROLLED, WEEK, week_of
from thaman_dashboard.domain.windows import Windows
from thaman_dashboard.testing import NOW, Streams, emptied
from thaman_dashboard.testing_events import Run, authorized, item, observed, told

STORE, ITEMS, DAY = "77", ("1", "2/1", "2/2"), 24 * 60
BEGINS = week_of(NOW) - 3 * WEEK
WINDOWS = Windows(BEGINS, (BEGINS - 2 * WEEK, BEGINS - WEEK), (BEGINS + WEEK, BEGINS + 2 * WEEK))


def sold(number: str, weeks: int, state: str, pieces: int) -> EventData:
    """An order as it is now; it may have been told otherwise, and of another week."""
    made: EventData = told(
        onboarding.SalesObserved, STORE, 0, order_id=number, state=state, source="webhook",
        placed_at=NOW - timedelta(weeks=weeks), lines=[
            {"product_id": key.partition("/")[0], "variant_id": key.partition("/")[2] or None, "quantity": pieces,
             "unit_price": 1_000}
            for key in ITEMS[:pieces]
        ],
    )  # fmt: skip
    return made


def ruled(weeks: int, key: str, reason: str) -> EventData:
    """What a run found of an item in a week."""
    return Run(STORE, f"w{weeks}").held(-weeks * 7 * DAY, key, reason, shelf_price=1_000, reference=900)


SAID = st.one_of(
    st.builds(sold, st.sampled_from("abc"), st.integers(0, 7), st.sampled_from(("counted", "not_counted")),
              st.integers(1, 3)),
    st.builds(ruled, st.integers(0, 5), st.sampled_from(ITEMS), st.sampled_from((CONTROLLED, "group/x"))),
)  # fmt: skip


@pytest.mark.filterwarnings("ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning")
@given(steps=st.lists(st.lists(SAID, max_size=3), min_size=1, max_size=6))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_comparison_that_was_kept_is_the_one_that_is_there(
    container: Container, steps: list[list[EventData]]
) -> None:
    emptied(container)
    streams, database = Streams(container), container.application.database
    streams.fold(
        streams.publish(authorized(STORE, -90 * DAY), observed(STORE, -90 * DAY, *(item(k, 1_000) for k in ITEMS)))
    )
    kept = AnalyticsReading(database)
    for events in steps:
        streams.fold(streams.publish(*events))
        assert _sorted(kept.sold(STORE, WINDOWS)) == _sorted(AnalyticsReading(database).sold(STORE, WINDOWS))


def test_what_did_not_change_is_not_asked_for_again(container: Container) -> None:
    streams = Streams(container)
    streams.deliver(
        authorized(STORE, -90 * DAY), observed(STORE, -90 * DAY, item("1", 1_000)), ruled(2, "1", CONTROLLED)
    )
    reading = AnalyticsReading(container.application.database)
    first = reading.sold(STORE, WINDOWS)
    assert first and reading.sold(STORE, WINDOWS) is first
    streams.deliver(sold("a", 0, "counted", 1))
    assert reading.sold(STORE, WINDOWS) is first, "this week is in neither window"
    streams.deliver(sold("a", 4, "counted", 1))
    assert reading.sold(STORE, WINDOWS) != first


def _sorted(found: Any) -> list[str]:
    assert all(isinstance(one, Sold) for one in found)
    return sorted(map(repr, found))
