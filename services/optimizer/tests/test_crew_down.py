"""A model that is down for whole runs: what is decided is what ``advice: off`` decides, event for event.

The same story is told to two installations, one of which has a crew whose model gives no answer. Ids are derived and
the clock is a hand-moved one, so the events have to be equal, but for ``MarketAssessed`` and what the merchant's choice
of ``advice: crew`` by itself is in: the settings on record, and the digests over them.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.support.replaying import record_of

from thaman_contracts.events.onboarding import CatalogItem, ObservationSource, OrderLine, OrderState, SalesObserved
from thaman_kit.clock import ManualClock
from thaman_kit.embedded.process import free_port
from thaman_optimizer.adapters.crew.advisor import CrewAdvisor
from thaman_optimizer.adapters.facts_reader import FactsReader
from thaman_optimizer.bootstrap import build
from thaman_optimizer.domain import analyst
from thaman_optimizer.domain.replay import replay

from .conftest import NOW, FakePages, World, catalog_item, optimizer_settings
from .crewing import CREW, THEIR_WARNINGS, Model, advisor_at, home_kept_fixture, model_fixture, sandbox_fixture  # noqa: F401

pytestmark = [
    THEIR_WARNINGS,
    # Loading CrewAI takes half a minute on a small busy machine.
    pytest.mark.timeout(300),
]

STORES = {"1": {"strategy": "match"}, "2": {"strategy": "demand"}}
DAYS, ITEMS = 3, 12
REASONS = {
    "down": {"endpoint_refused", "breaker_open"},
    "refusing": {"model_refused", "breaker_open"},
    "malformed": {"malformed", "breaker_open"},
    "slow": {"timeout", "breaker_open"},
    "not there": {"unreachable", "breaker_open"},
}

USUAL = ("down",)
"""What every run of the tests looks at; the others' answers are test_crew_endpoint.py's, and ``make faults``'s."""

Installation = Callable[..., World]


@pytest.fixture
def installation() -> Iterator[Installation]:
    """Makes an installation on a database, with a crew or without one."""
    closing: list[Callable[[], None]] = []

    def make(url: str, advisor: CrewAdvisor | None = None) -> World:
        clock = ManualClock(NOW)
        pages = FakePages(clock)
        container = build(optimizer_settings(url), clock, pages, advisor)
        closing.extend([container.close] if advisor is None else [advisor.close, container.close])
        return World(container, clock, pages, url)

    yield make
    for close in closing:
        close()


@pytest.mark.parametrize(
    "mode", [pytest.param(one, marks=() if one in USUAL else pytest.mark.faults) for one in REASONS]
)
def test_the_result_is_that_of_no_advice(
    installation: Installation,
    model: Model,
    mode: str,
    database: str,
    other_database: str,
    home_kept: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if mode != "not there":
        model.behave(mode, slow_seconds=120)
    url = f"http://127.0.0.1:{free_port()}/v1" if mode == "not there" else model.url
    off = installation(database)
    down = installation(other_database, advisor_at(url, deadline_s=2.0 if mode == "slow" else 60.0))
    plain = worked_while(monkeypatch, lambda: story(off, {}))
    asked = worked_while(monkeypatch, lambda: story(down, CREW))
    check_reasons(down, REASONS[mode])
    assert said(down) == said(off)
    runs = len(STORES) * DAYS
    assert asked == plain == {"judged": runs, "loaded": runs}, "nothing is done twice without advice"
    digests = [one["state"]["input_digest"] for one in off.events() if "input_digest" in one["state"]]
    assert digests_without_the_setting(down) == digests
    moved = [one for one in off.events("proposal.Decided") if one["state"]["base_price"] != 10_000]
    assert len({one["state"]["store_id"] for one in moved}) == len(STORES), "prices of both were moved"


def worked_while(monkeypatch: pytest.MonkeyPatch, tell: Callable[[], None]) -> dict[str, int]:
    """How often the engine was asked about an assortment meanwhile, and sales were loaded."""
    counts: Counter[str] = Counter()

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*args: Any, **kwargs: Any) -> Any:
            counts[name] += 1
            return real(*args, **kwargs)

        return counting

    with monkeypatch.context() as patched:
        patched.setattr(analyst, "advise", counted("judged", analyst.advise))
        patched.setattr(FactsReader, "with_pasts", counted("loaded", FactsReader.with_pasts))
        tell()
    return counts


def story(world: World, advice: dict[str, str]) -> None:
    """Some days of two stores: rivals move, orders come in, what is decided gets written."""
    for store, settings in STORES.items():
        world.connect(store, settings=settings | advice)
        world.stock(ITEMS, store_id=store, rivals=(9_600, 9_700, 9_800, 9_650))
        world.pages.prices[f"https://rival0.example/{store}/1"] = 6_200
        sell(world, store)
    for day in range(DAYS):
        for store in STORES:
            world.run(store, cause=f"day-{day}-{store}")
            for decision in world.decisions(store, states=["decided"]):
                world.applied(decision)
                write(world, store, decision["document"])
        world.clock.advance(timedelta(days=1))
        for number, url in enumerate(sorted(world.pages.prices)):
            world.pages.prices[url] = (world.pages.prices[url] or 0) + (17 * number + 29 * day) % 120 - 60


def sell(world: World, store: str) -> None:
    """Twelve weeks of orders at three prices."""
    dice = random.Random(7)
    for week in range(12, 0, -1):
        placed = NOW - timedelta(weeks=week)
        lines = tuple(
            OrderLine(
                product_id=str(number), quantity=dice.randrange(1, 6), unit_price=dice.choice((9_500, 10_000, 10_500))
            )
            for number in range(1, ITEMS + 1)
        )
        world.tell(
            SalesObserved(
                store_id=store,
                occurred_at=placed,
                order_id=str(week),
                state=OrderState.COUNTED,
                placed_at=placed,
                source=ObservationSource.SWEEP,
                lines=lines,
            )
        )


def write(world: World, store: str, decided: dict[str, Any]) -> None:
    """The catalogue shows the decided price."""
    item: CatalogItem = catalog_item(
        decided["product_id"], base_price=decided["base_price"], shelf_price=decided["shelf_price"]
    )
    world.observe(item, store_id=store, source="read_back")


def check_reasons(world: World, expected: set[str]) -> None:
    """Every run was to be asked about, and none has advice."""
    assessed = [one["state"] for one in world.events("run.MarketAssessed")]
    assert len(assessed) == len(STORES) * DAYS
    assert {one["reason"] for one in assessed} == expected
    assert not [one for one in assessed if one["outcome"] == "ok" or one["advice"]]


def said(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    """All that the runs said, in order; without advice and what only names it."""
    told = []
    for one in world.events():
        if one["topic"] not in ("run.MarketAssessed", "links.Changed"):
            state = {name: value for name, value in without_the_setting(one["state"]).items() if name != "input_digest"}
            told.append((one["topic"], str(one["originator_id"]), state))
    return told


def without_the_setting(state: dict[str, Any]) -> dict[str, Any]:
    """The same with the store's settings as they are on record where advice is off."""
    found = deepcopy(state)
    found.get("store_inputs", {}).get("settings", {}).pop("advice", None)
    return found


def digests_without_the_setting(world: World) -> list[str]:
    """What the recorded facts of each run are digested to, had the merchant left advice off, in the log's order."""
    digests: dict[tuple[str, str], str] = {}
    for started in world.events("run.Started"):
        run = started["state"]["run_id"]
        events = [
            one | {"state": without_the_setting(one["state"])}
            for one in world.events()
            if one["state"].get("run_id") == run
        ]
        record = record_of(events)
        verdicts = replay(record["store"], record["items"], datetime.fromisoformat(record["now"]), record["assessed"])
        digests |= {(run, verdict.key): verdict.inputs.digest for verdict in verdicts}
    told = [one["state"] for one in world.events() if "input_digest" in one["state"]]
    return [digests[state["run_id"], state["product_id"]] for state in told]
