"""Stops, and what was written in spite of them: by the order of onboarding's log, whatever clocks say."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_audit.bootstrap import Container
from thaman_audit.domain.stops import StopReach, stops_of
from thaman_audit.errors import UnknownStore
from thaman_audit.stops import stops
from thaman_audit.testing import NOW, Streams
from thaman_audit.testing_why import Pricing
from thaman_contracts.events import EventData, onboarding
from thaman_contracts.events.settings import ItemRule, SystemSettings

STORE = "77"
FIRST, SECOND = Pricing(STORE, 10_000, 9_900), Pricing(STORE, 9_900, 9_800, cause="second", hours=5)


def paused(fence: int = 1, at: datetime = NOW) -> onboarding.StorePaused:
    return onboarding.StorePaused(store_id=STORE, occurred_at=at, fence=fence, reason="wrong prices", paused_by="key_1")


def resumed(fence: int = 2) -> onboarding.StoreResumed:
    return onboarding.StoreResumed(store_id=STORE, occurred_at=NOW, fence=fence, resumed_by="key_1")


def everywhere(stopped: bool) -> onboarding.SystemSettingsChanged:
    settings = SystemSettings(stopped=stopped)
    return onboarding.SystemSettingsChanged(
        store_id="system", occurred_at=NOW, settings_version=1, settings=settings, system_fence=1, changed_by="operator"
    )


def locked(product: str, is_locked: bool = True) -> onboarding.ItemRulesChanged:
    rules = (ItemRule(product_id=product, locked=is_locked),)
    return onboarding.ItemRulesChanged(store_id=STORE, occurred_at=NOW, rules=rules, changed_by="key_1")


def numbered(*events: EventData) -> list[tuple[int, EventData]]:
    return list(enumerate(events, 1))


def test_what_was_under_way_is_declared_and_what_began_after_is_found() -> None:
    (applied, _) = FIRST.applied()
    (stop,) = stops_of(numbered(FIRST.started(), paused(), applied, resumed(), SECOND.started()))
    assert (stop.reach, stop.by, stop.reason, stop.fence) == (StopReach.STORE, "key_1", "wrong prices", 1)
    assert stop.ended_at is not None and stop.began_after == ()
    (flying,) = stop.in_flight
    assert (flying.decision_id, flying.outcome) == (FIRST.decision_id, "PriceApplied")

    (stop,) = stops_of(numbered(FIRST.started(), applied, paused(), SECOND.started()))
    assert stop.in_flight == () and stop.ended_at is None
    assert [one.decision_id for one in stop.began_after] == [SECOND.decision_id]
    assert stop.began_after[0].outcome is None


def test_clocks_do_not_matter() -> None:
    late = paused(at=NOW + timedelta(days=9))
    (stop,) = stops_of(numbered(late, SECOND.started()))
    assert len(stop.began_after) == 1


def test_a_product_and_everything_can_be_stopped_too() -> None:
    told = numbered(locked("2"), everywhere(True), FIRST.started(), everywhere(False), locked("1"), SECOND.started())
    found = {(stop.reach, stop.item): len(stop.began_after) for stop in stops_of(told)}
    assert found == {(StopReach.EVERYWHERE, None): 1, (StopReach.ITEM, "2"): 0, (StopReach.ITEM, "1"): 1}


@given(st.lists(st.sampled_from("wsper"), max_size=14))
def test_it_is_what_brute_force_finds(story: list[str]) -> None:
    """w: a write begins, s: the last one is settled, p: pause, r: resume, e: everything stops."""
    events: list[EventData] = []
    expected: list[int] = []
    number = 0
    running: dict[str, int] = {}
    for letter in story:
        match letter:
            case "w":
                number += 1
                events.append(Pricing(STORE, 10_000, 9_900, cause=str(number)).started())
                for place in running.values():
                    expected[place] += 1
            case "s" if number:
                events.append(Pricing(STORE, 10_000, 9_900, cause=str(number)).applied()[0])
            case "p" | "e":
                events.append(paused() if letter == "p" else everywhere(True))
                if letter not in running:
                    running[letter] = len(expected)
                    expected.append(0)
            case "r":
                events.append(resumed())
                running.pop("p", None)
            case _:
                pass
    found = stops_of(numbered(*events))
    assert [len(stop.began_after) for stop in reversed(found)] == expected


def test_the_ledger_is_asked_page_by_page(
    container: Container, streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("thaman_audit.stops.PAGE", 1)
    other: Any = Pricing("78", 10_000, 9_900).started()
    for event in (FIRST.started(), other, paused(), *FIRST.applied(), everywhere(True), everywhere(False), resumed()):
        streams.deliver(event)
    found = stops(container.tables, STORE)
    assert [(stop.reach, len(stop.in_flight), len(stop.began_after)) for stop in found] == [
        (StopReach.EVERYWHERE, 0, 0),
        (StopReach.STORE, 1, 0),
    ]
    with pytest.raises(UnknownStore):
        stops(container.tables, "79")
