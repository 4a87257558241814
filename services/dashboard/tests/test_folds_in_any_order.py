"""The property behind the read models: a service's stream is in order, streams among each other are not, and a message
may be told again; the same rows come of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thaman_contracts.events import EventData, audit, onboarding, optimizer
from thaman_contracts.events.settings import ItemRule, StoreSettings
from thaman_contracts.ids import SYSTEM
from thaman_contracts.subjects import SERVICES
from thaman_dashboard.bootstrap import Container
from thaman_dashboard.domain.weeks import CONTROLLED
from thaman_dashboard.testing import NOW, Message, Streams, emptied, of_service, rows_of
from thaman_dashboard.testing_events import Run, authorized, edited, item, observed, rules, system, told

STORE = "77"
KEYS = ("1", "2/5")
PRICES = (900, 1_000, 1_100)
URLS = ("https://a.example/1", "https://b.example/1")
RUNS = (Run(STORE, "r1"), Run(STORE, "r2"))
HELD = ("group/x", "result/already_right", "lock/item_locked")

Said = Callable[[int], EventData]
KEY, PRICE, RUN = st.sampled_from(KEYS), st.sampled_from(PRICES), st.sampled_from(RUNS)


def at(make: Callable[..., EventData], *given: st.SearchStrategy[Any]) -> st.SearchStrategy[Said]:
    """An event that is drawn without its time, which follows from its place."""
    return st.tuples(*given).map(lambda drawn: lambda minutes: make(minutes, *drawn))


def of(kind: type[EventData], **fields: Any) -> st.SearchStrategy[Said]:
    return st.just(lambda minutes: told(kind, STORE, minutes, **fields))


def sold(minutes: int, order: str, state: str, pieces: int) -> EventData:
    """An order as it is now, which an earlier event may have told otherwise, and in another week."""
    made: EventData = told(
        onboarding.SalesObserved, STORE, minutes, order_id=order, state=state, source="webhook",
        placed_at=NOW - timedelta(days=3 * pieces),
        lines=[{"product_id": "1", "quantity": pieces, "unit_price": 1_000 if pieces % 2 else None}],
    )  # fmt: skip
    return made


OFFER = st.tuples(KEY, st.sampled_from(URLS), st.none() | PRICE)
ONBOARDING = st.one_of(
    at(lambda minutes: authorized(STORE, minutes)),
    of(onboarding.StoreReauthorized, via="callback", scopes=(), plan="basic", prices_include_vat=False, vat_bp=0),
    of(onboarding.ReauthorizationRequired, reason="refresh_rejected", detail="x"),
    of(onboarding.StoreUninstalled, fence=3),
    of(onboarding.StoreForgotten, reason="requested", asked_at="2026-11-24T09:30Z", due_at="2026-11-24T09:30Z",
       asked_by="key_0"),
    of(onboarding.StorePaused, fence=1, reason="عيد", paused_by="key_1"),
    of(onboarding.StoreResumed, fence=1, resumed_by="key_1"),
    of(onboarding.EntitlementChanged, status="trial", ends_on="2026-12-31"),
    of(onboarding.StoreSettingsChanged, settings_version=2, settings=StoreSettings(min_margin_bp=2_000),
       changed_by="key_1"),
    of(onboarding.CatalogItemsRemoved, keys=("1",)),
    at(lambda minutes, key, price: observed(STORE, minutes, item(key, price)), KEY, PRICE),
    at(lambda minutes, key, old, new: edited(STORE, minutes, key, old, new), KEY, PRICE, PRICE),
    at(lambda minutes, locked: rules(STORE, minutes, ItemRule(product_id="1", min_price=800, locked=locked)),
       st.booleans()),
    at(lambda minutes, cost: rules(STORE, minutes, ItemRule(product_id="1", cost=cost, mode="manual")),
       st.none() | PRICE),
    at(lambda minutes, cost: rules(STORE, minutes, ItemRule(product_id="1", cost=cost)), st.none() | PRICE),
    at(sold, st.sampled_from("ab"), st.sampled_from(("counted", "pending", "not_counted")), st.integers(0, 3)),
    at(lambda minutes, stopped: system(minutes, stopped=stopped, fence=minutes), st.booleans()),
    at(lambda minutes, run, key: run.writing(minutes, key, 1_000, 900), RUN, KEY),
    at(lambda minutes, run, key: run.uncertain(minutes, key, 900), RUN, KEY),
    at(lambda minutes, run, key, price: run.applied(minutes, key, 1_000, price), RUN, KEY, PRICE),
    at(lambda minutes, run, key: run.unwritten(minutes, key), RUN, KEY),
    at(lambda minutes, run, key: run.stale(minutes, key), RUN, KEY),
)  # fmt: skip
SCHEDULER = at(lambda minutes, run: run.asked(minutes), RUN)
OPTIMIZER = st.one_of(
    at(lambda minutes, run: run.started(minutes), RUN),
    at(lambda minutes, run: run.completed(minutes), RUN),
    at(lambda minutes, run: run.failed(minutes), RUN),
    at(lambda minutes, run: run.assessed(minutes), RUN),
    # Days apart, so that points grow old.
    at(lambda minutes, run, offer: run.offers(minutes * 60 * 24 * 20, offer), RUN, OFFER),
    at(lambda minutes, run, key, new: run.proposed(minutes, key, 1_000, new), RUN, KEY, PRICE),
    at(lambda minutes, run, key, why: run.held(minutes, key, why), RUN, KEY, st.sampled_from(HELD)),
    of(
        optimizer.CompetitorLinksChanged,
        items=({"product_id": "1", "links": [{"competitor": "a", "url": URLS[0]}]},),
        changed_by="key_1",
    ),
    of(optimizer.CompetitorLinksChanged, items=({"product_id": "1", "links": []},), changed_by="key_1"),
    at(lambda minutes, run, key: run.held(minutes, key, CONTROLLED, reference=900), RUN, KEY),
    at(lambda minutes, run, key: run.rejected(minutes, key), RUN, KEY),
    at(lambda minutes, run, key: run.expired(minutes, key), RUN, KEY),
    at(lambda minutes, run, key, new: run.decided(minutes, key, 1_000, new), RUN, KEY, PRICE),
)
AUDIT = st.just(lambda minutes: told(audit.CheckpointSealed, SYSTEM, minutes, number=1, stores=1, entries=1, root="r"))


@st.composite
def histories(draw: st.DrawFn) -> list[EventData]:
    """What each service says, one after another."""
    found: list[EventData] = []
    for strategy, most in ((ONBOARDING, 12), (SCHEDULER, 2), (OPTIMIZER, 12), (AUDIT, 1)):
        drawn = draw(st.lists(strategy, max_size=most))
        found += [said(minutes) for minutes, said in enumerate(drawn, 1)]
    return found


def interleaved(draw: st.DrawFn, messages: list[Message]) -> list[list[Message]]:
    """The streams in another order among each other, in batches, with some messages told again at once or later."""
    left = [list(of_service(messages, service)) for service in SERVICES]
    batches: list[list[Message]] = [[]]
    seen: list[Message] = []
    while any(left):
        stream = draw(st.sampled_from([one for one in left if one]))
        seen.append(stream.pop(0))
        batches[-1].append(seen[-1])
        if draw(st.integers(0, 3)) == 0:
            batches[-1].append(draw(st.sampled_from(seen)))
        if draw(st.integers(0, 4)) == 0:
            batches.append([])
    return [batch for batch in batches if batch]


# The threads of the connection pool draw random numbers, which Hypothesis takes for its strategies' doing.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning")
@given(history=histories(), data=st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_order_of_the_streams_and_any_repetition_give_the_same_rows(
    container: Container, history: list[EventData], data: st.DataObject
) -> None:
    streams = Streams(container)
    messages = streams.publish(*history)
    emptied(container)
    streams.fold(messages)
    expected = rows_of(container)
    emptied(container)
    for batch in interleaved(data.draw, messages):
        streams.fold(batch)
    assert rows_of(container) == expected
