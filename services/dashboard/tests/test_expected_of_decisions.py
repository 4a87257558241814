"""What a week's written prices were expected to earn: kept beside each decision, the same as asked of its proposal."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thaman_contracts.events import EventData
from thaman_dashboard.adapters.runs import RunsReading
from thaman_dashboard.bootstrap import Container
from thaman_dashboard.testing import NOW, Streams, emptied, of_service
from thaman_dashboard.testing_events import Run, authorized

STORE = "77"
NUMBERS = st.none() | st.integers(-500, 500)

RECOMPUTED = """
    SELECT count(*) AS changes, sum(proposals.expected)::bigint AS expected,
        count(*) FILTER (WHERE proposals.expected IS NULL) AS unknown,
        count(*) FILTER (WHERE proposals.expected IS NOT NULL) AS known,
        count((document ->> 'interval80_high')::bigint - (document ->> 'interval80_low')::bigint)
            FILTER (WHERE proposals.expected IS NOT NULL) AS ranged,
        round(sqrt(sum((((document ->> 'interval80_high')::numeric - (document ->> 'interval80_low')::numeric) / 2) ^ 2)
            FILTER (WHERE proposals.expected IS NOT NULL)))::bigint AS half_width
    FROM decisions LEFT JOIN proposals USING (store_id, proposal_id)
    WHERE store_id = '77' AND decisions.state = 'applied'
"""


@st.composite
def priced(draw: st.DrawFn) -> list[EventData]:
    """A run that proposes prices, of which some are decided and some of those written."""
    run, said = Run(STORE, "r1"), []
    for key in map(str, range(1, draw(st.integers(1, 6)) + 1)):
        expected, low, high = draw(NUMBERS), draw(NUMBERS), draw(NUMBERS)
        told: dict[str, Any] = {
            "expected_weekly_profit_change": expected, "interval80_low": low, "interval80_high": high
        }  # fmt: skip
        said.append(run.proposed(-60, key, 1_000, 900, **told))
        if draw(st.booleans()):
            said.append(run.decided(-50, key, 1_000, 900))
            if draw(st.booleans()):
                said.append(run.applied(-40, key, 1_000, 900))
    return said


@pytest.mark.filterwarnings("ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning")
@given(history=priced(), data=st.data())
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_sums_are_those_of_the_proposals_in_whatever_order_the_streams_come(
    container: Container, history: list[EventData], data: st.DataObject
) -> None:
    emptied(container)
    streams = Streams(container)
    messages = streams.publish(authorized(STORE, -100), *history)
    parts = data.draw(st.permutations([of_service(messages, name) for name in ("onboarding", "optimizer")]))
    for part in parts:
        streams.fold(part)
    streams.fold(data.draw(st.lists(st.sampled_from(messages), max_size=4)))
    [truth] = container.application.database.fetch_all(RECOMPUTED)
    counts = container.read_models.overview(STORE, NOW)
    assert (counts.changes_7d, counts.expected_week, counts.expected_unknown) == (
        truth["changes"], truth["expected"], truth["unknown"]
    )  # fmt: skip
    width = RunsReading(container.application.database).needs(STORE, NOW + timedelta(minutes=1)).half_width
    assert width == (truth["half_width"] if truth["known"] == truth["ranged"] > 0 else None)
