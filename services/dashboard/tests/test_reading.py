"""What the pages ask of the read models: pages without gaps, counts that are true, and no row of another store."""

import base64
import inspect
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, get_type_hints

import pytest

from thaman_contracts.events import EventData
from thaman_contracts.events.settings import ItemRule
from thaman_dashboard.adapters.audit_reading import AuditReading
from thaman_dashboard.adapters.own_state import StateTables
from thaman_dashboard.adapters.reading import Reading
from thaman_dashboard.bootstrap import Container
from thaman_dashboard.ports import OwnState, ReadModels
from thaman_dashboard.testing import NOW, Streams
from thaman_dashboard.testing_events import Run, authorized, item, observed, rules
from thaman_dashboard.views import Page, Position, ProposalState
from thaman_kit.cursors import seal
from thaman_kit.errors import BadCursor

STORE, OTHER = "77", "78"
RUN = Run(STORE)
DAY = 24 * 60


def walk(ask: Callable[[str | None], Page[Any]]) -> list[Any]:
    """All items of a list, page by page."""
    found: list[Any] = []
    after: str | None = None
    while True:
        page = ask(after)
        found += page.items
        if page.next is None:
            return found
        assert page.items, "a page that has a next one has items"
        after = page.next


def life(store_id: str) -> list[EventData]:
    """A store in which everything that can be shown has happened."""
    run = Run(store_id)
    return [
        authorized(store_id),
        observed(store_id, 1, item("1", 1_000), item("2", 2_000), item("3", 3_000)),
        run.asked(2),
        run.started(3),
        run.offers(4, ("1", "https://a.example/1", 900)),
        run.proposed(5, "1", 1_000, 900),
        run.proposed(5, "2", 2_000, 1_900),
        run.decided(6, "2", 2_000, 1_900, by="policy"),
        run.held(6, "3"),
        run.completed(7),
        run.applied(8, "2", 2_000, 1_900),
    ]


def test_a_store_sees_no_row_of_another(container: Container, streams: Streams) -> None:
    """Every question, asked of a store that nothing was heard of, with the names of another store's things."""
    streams.deliver(*life(STORE))
    read, run = container.read_models, Run(STORE)
    given: dict[str, Any] = {
        "now": NOW, "since": NOW - timedelta(days=9), "item_key": "1", "proposal_id": run.proposal("2"),
        "run_id": run.run_id, "limit": 20, "after": None,
    }  # fmt: skip
    asked = 0
    for name, method in inspect.getmembers(ReadModels, inspect.isfunction):
        parameters = list(inspect.signature(method).parameters.values())[1:]
        if name.startswith("_") or name == "system":
            continue
        assert parameters[0].name == "store_id", name
        wanted = {one.name: given[one.name] for one in parameters[1:] if one.default is inspect.Parameter.empty
                  and one.name in given}  # fmt: skip
        if name == "held":
            wanted["item_key"] = "3"
        if name == "decisions":
            wanted["item_key"] = "2"
        mine, theirs = getattr(read, name)(STORE, **wanted), getattr(read, name)(OTHER, **wanted)
        assert _is_something(mine), f"{name} answers for the store that it is about"
        assert not _is_something(theirs), f"{name} shows a row of another store"
        asked += 1
    rows = AuditReading(container.application.database)
    assert rows.kinds(STORE) and not rows.kinds(OTHER), "kinds shows a row of another store"
    assert asked + 1 == 16


def _is_something(answer: Any) -> bool:
    if isinstance(answer, Page):
        return bool(answer.items)
    if hasattr(answer, "heard_at") and hasattr(answer, "pending_high"):
        return bool(answer.items or answer.pending or answer.last_run or answer.heard_at or answer.position)
    return bool(answer)


def test_lists_are_walked_page_by_page_without_gap_or_repetition(container: Container, streams: Streams) -> None:
    names = ["تفاح", "تمر", "Amber", "amber", "Zaatar"]
    seen = [item(str(number), 1_000, name=names[number % 5]) for number in range(1, 24)]
    streams.deliver(
        authorized(STORE), observed(STORE, 1, *seen),
        *(RUN.proposed(2 + number % 3, str(number), 1_000, 900) for number in range(1, 24)),
        *(Run(STORE, f"r{number}").asked(number % 4) for number in range(2, 12)),
    )  # fmt: skip
    read = container.read_models
    items = walk(lambda after: read.items(STORE, after=after, limit=5))
    assert len({one.item_key for one in items}) == len(items) == 23
    assert [one.item_key for one in items] == [one.item_key for one in read.items(STORE, limit=100).items]
    waiting = walk(lambda after: read.proposals(STORE, state=ProposalState.PENDING, after=after, limit=5))
    assert len({one.proposal_id for one in waiting}) == len(waiting) == 23
    assert [one.expires_at for one in waiting] == sorted(one.expires_at for one in waiting)
    latest = walk(lambda after: read.proposals(STORE, after=after, limit=5))
    assert [one.proposed_at for one in latest] == sorted((one.proposed_at for one in latest), reverse=True)
    assert len(walk(lambda after: read.runs(STORE, after, limit=3))) == 10
    lines = walk(lambda after: read.activity(STORE, after=after, limit=7))
    assert len({one.event_id for one in lines}) == len(lines) == 1 + 23 + 10
    assert [one.at for one in lines] == sorted((one.at for one in lines), reverse=True)


def test_lists_are_narrowed(container: Container, streams: Streams) -> None:
    other_sku = item("4", 1_000, name="عود 50%", sku="OUD_50")
    streams.deliver(
        authorized(STORE),
        observed(STORE, 1, item("1", 1_000), item("2", 1_000, status="hidden"), item("3", 1_000, status="deleted"),
                 other_sku, item("5", 0, has_variants=True), item("5/1", 1_000)),
        rules(STORE, 2, ItemRule(product_id="1", locked=True)),
        RUN.proposed(3, "1", 1_000, 900, risk="high"), RUN.proposed(3, "4", 1_000, 900),
        RUN.proposed(3, "2", 1_000, 900, disposition="write"),
    )  # fmt: skip
    read = container.read_models

    def keys(**wanted: Any) -> list[str]:
        return sorted(one.item_key for one in read.items(STORE, **wanted).items)

    assert keys() == ["1", "2", "4", "5/1"]
    assert keys(status="deleted") == ["3"]
    assert (keys(status="hidden"), keys(locked=True), keys(risk="high")) == (["2"], ["1"], ["1"])
    assert keys(search="oud_5") == ["4"]
    assert keys(search="50%") == ["4"]
    assert keys(search="%") == ["4"], "what a person types is no pattern"
    assert keys(search="5/1") == ["5/1"]
    waiting = read.proposals(STORE, state=ProposalState.PENDING).items
    assert sorted(one.item_key for one in waiting) == ["1", "4"], "what is written by itself waits for nobody"
    (high,) = read.proposals(STORE, state=ProposalState.PENDING, risk="high").items
    (found,) = read.proposals(STORE, search="عود").items
    assert [one.item_key for one in read.proposals(STORE, item="1").items] == ["1"]
    assert not read.proposals(STORE, item="5").items, "a key is no part of one"
    assert (high.item_key, found.item_key, found.item_name) == ("1", "4", "عود 50%")
    (line,) = read.activity(STORE, kind="PriceProposed", item="1").items
    assert (line.item_name, line.service, line.actor) == ("عطر 1", "optimizer", None)
    kinds = AuditReading(container.application.database).kinds(STORE)
    assert kinds == ("ItemRulesChanged", "PriceProposed", "StoreAuthorized")


def test_the_counts_of_a_store(container: Container, streams: Streams) -> None:
    later = Run(STORE, "r2")
    streams.deliver(
        authorized(STORE),
        observed(STORE, 0, item("1", 1_000), item("2", 1_000), item("3", 1_000, cost=None), item("4", 1_000),
                 item("5", 1_000, status="hidden"), item("6", 1_000, status="deleted"),
                 item("7", 0, has_variants=True)),
        rules(STORE, 1, ItemRule(product_id="4", locked=True)),
        RUN.proposed(2, "1", 1_000, 900, expected_weekly_profit_change=300), RUN.decided(2, "1", 1_000, 900),
        RUN.proposed(2, "2", 1_000, 990), RUN.decided(2, "2", 1_000, 990),
        RUN.decided(2, "4", 1_000, 990),  # an undo: there is no proposal
        RUN.applied(3, "1", 1_000, 900), RUN.applied(2 * DAY, "2", 1_000, 990), RUN.uncertain(5, "4", 990),
        later.asked(2 * DAY), later.held(2 * DAY, "1", reason="result/already_right", reference=1_000),
        later.held(2 * DAY, "2", reference=991), later.held(2 * DAY, "3", reference=800),
        later.offers(2 * DAY, ("1", "https://a.example/1", 1_000), ("2", "https://a.example/2", 991),
                     ("3", "https://a.example/3", None)),
        later.proposed(2 * DAY, "5", 1_000, 900, risk="high"),
    )  # fmt: skip
    read = container.read_models
    now = read.overview(STORE, NOW + timedelta(days=2, hours=1))
    assert (now.items, now.priced, now.pending, now.pending_high) == (5, 2, 1, 1)
    assert (now.held, now.uncertain) == (2, 1), "a price that is right as it is counts as no trouble"
    assert (now.changes_24h, now.changes_7d, now.expected_week, now.expected_unknown) == (1, 2, 300, 1)
    assert now.position == {Position.BELOW: 1, Position.AT: 1}, "what has no usable offer stands nowhere"
    assert now.last_run is not None
    assert (now.last_run.run_id, now.heard_at) == (later.run_id, NOW + timedelta(days=2))
    much_later = read.overview(STORE, NOW + timedelta(days=30))
    assert (much_later.changes_7d, much_later.expected_week, much_later.position) == (0, None, {})
    empty = read.overview(OTHER, NOW)
    assert (empty.items, empty.expected_week, empty.last_run, empty.heard_at) == (0, None, None, None)


def test_a_cursor_that_is_none_is_refused(container: Container) -> None:
    at = "2026-01-01T00:00:00+00:00"
    strange = (seal("runs", at), seal("items", "a", "b"), seal("runs", "soon", "1"), seal("runs", at, "no id"))
    for cursor in ("x", "é", "W10", *strange):
        with pytest.raises(BadCursor):
            container.read_models.runs(STORE, cursor)
    for half in ("\ud800", "\0"):
        cursor = base64.urlsafe_b64encode(json.dumps(["items", half, "1"]).encode()).decode()
        with pytest.raises(BadCursor):
            container.read_models.items(STORE, after=cursor)
    assert container.read_models.item(STORE, "1\0") is None


def test_the_adapters_are_what_the_ports_say() -> None:
    for port, adapter in ((ReadModels, Reading), (OwnState, StateTables)):
        for name, method in inspect.getmembers(port, inspect.isfunction):
            if not name.startswith("_"):
                made = getattr(adapter, name)
                assert inspect.signature(made).parameters.keys() == inspect.signature(method).parameters.keys(), name
                assert get_type_hints(made) == get_type_hints(method), name
