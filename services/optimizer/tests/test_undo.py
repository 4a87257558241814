"""Undo, from the plan to the decisions: earlier prices come back, what was changed since is left alone and listed."""

from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.asking import Api
from tests.support.facts import NOW, make_item, make_store

from thaman_contracts.events import onboarding
from thaman_contracts.events.optimizer import UndoScope
from thaman_contracts.events.policies import PolicyStage, PricePolicy
from thaman_optimizer import errors
from thaman_optimizer.domain.undo import Change, Leave, Restore, plan
from thaman_optimizer.undo_ports import Wanted

PRICES = st.integers(8_000, 12_000)


@given(st.lists(st.tuples(st.booleans(), PRICES), min_size=1, max_size=8), st.integers(0, 8))
def test_an_item_gets_back_what_stood_before_our_changes_or_is_left_as_it_is(
    history: list[tuple[bool, int]], since: int
) -> None:
    """``history`` are prices set by us (or by hand); ours from the place ``since`` on are undone."""
    stood = [10_000, *(price for _, price in history)]
    ours = [place for place, (by_us, _) in enumerate(history) if by_us]
    changes = [Change(UUID(int=place), stood[place], history[place][1]) for place in ours]
    undone = [place for place in ours if place >= since]
    now = stood[-1]
    item = make_item(base_price=now, shelf_price=now, edited_at=NOW)
    outcome = plan(make_store(), item, changes, {UUID(int=place) for place in undone}, NOW)

    in_between = any(stood[later] != history[earlier][1] for earlier, later in pairwise(undone))
    if not undone or history[undone[-1]][1] != now:
        assert isinstance(outcome, Leave) and outcome.why == "changed_since"
    elif in_between:
        assert isinstance(outcome, Leave) and outcome.why == "changed_between"
    elif stood[undone[0]] == now:
        assert isinstance(outcome, Leave) and outcome.why == "already_there"
    else:
        assert isinstance(outcome, Restore)
        assert outcome.base_price == outcome.shelf_price == stood[undone[0]]
        assert outcome.undone == tuple(UUID(int=place) for place in undone)


@given(
    earlier=st.integers(1, 30_000),
    now=st.integers(1, 30_000),
    cost=st.integers(0, 20_000) | st.none(),
    most=st.integers(1, 30_000) | st.none(),
    vat=st.booleans(),
)
def test_the_floor_wins_over_every_undo(earlier: int, now: int, cost: int | None, most: int | None, vat: bool) -> None:
    store = make_store(prices_include_vat=vat)
    shelf = now if vat else (now * 23 + 10) // 20
    item = make_item(base_price=now, shelf_price=shelf, cost=cost, max_price=most)
    one = Change(uuid4(), earlier, now)
    outcome = plan(store, item, [one], {one.decision_id}, NOW)
    if isinstance(outcome, Restore):
        # By exact fractions: the price without VAT less fees and cost is at least the minimum margin of it.
        settings = store.settings
        assert cost is not None
        without_vat_x23 = outcome.shelf_price * 20
        kept_bp = 10_000 - settings.fee_bp - settings.min_margin_bp
        assert without_vat_x23 * kept_bp >= cost * 23 * 10_000
        assert outcome.limits.floor <= outcome.shelf_price <= outcome.limits.ceiling
        # Above the merchant's ceiling only as far as the floor, which wins, lies above it.
        lowest = -(-outcome.limits.floor * 20 // 23) * 23 // 20 + 1
        assert most is None or outcome.shelf_price <= max(most, outcome.limits.floor if vat else lowest)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"locked": True}, "item_locked"),
        ({"in_flight": True}, "write_in_flight"),
        ({"sale_running": True}, "sale_running"),
        ({"cost": None}, "cost_unknown"),
        ({"cost": 9_990}, "below_floor"),
        ({"max_price": 9_900}, "over_ceiling"),
        ({"currency": "USD"}, "foreign_currency"),
    ],
)
def test_what_guards_forbid_is_not_undone_either(changes: dict[str, Any], why: str) -> None:
    one = Change(uuid4(), 10_000, 9_700)
    item = make_item(base_price=9_700, shelf_price=9_700, **changes)
    outcome = plan(make_store(), item, [one], {one.decision_id}, NOW)
    assert isinstance(outcome, Leave)
    assert outcome.why.partition(" ")[0] == why


def test_what_sold_out_is_put_right_too_and_an_old_price_above_a_computed_ceiling_comes_back() -> None:
    one = Change(uuid4(), 20_000, 9_700)
    item = make_item(base_price=9_700, shelf_price=9_700, status=onboarding.ItemStatus.OUT)
    outcome = plan(make_store(), item, [one], {one.decision_id}, NOW)
    assert isinstance(outcome, Restore)
    assert (outcome.base_price, outcome.limits.ceiling) == (20_000, 20_000)


@pytest.fixture
def priced(world: Any) -> Any:
    """Three items whose prices a run brought from 100.00 to 97.00, read back."""
    world.connect(domain="https://oud.example")
    world.stock(3)
    world.first = run(world)
    return world


def run(world: Any) -> UUID:
    """A run whose decisions are written and read back."""
    made: UUID = world.run()
    land(world)
    world.clock.advance(timedelta(minutes=1))
    return made


def land(world: Any) -> None:
    for decision in world.decisions(states=["decided"]):
        world.applied(decision)


def prices(world: Any) -> dict[str, int]:
    items = world.container.facts.items("1", world.clock.now()).items
    return {item.product_id: item.base_price for item in items}


def test_a_run_is_undone_the_undo_rests_and_can_be_undone(priced: Any, api: Api) -> None:
    after = prices(priced)
    assert set(after.values()) == {9_700}
    body = {"scope": "run", "run_id": str(priced.first)}
    shown = api.post("/stores/1/undo/preview", json=body).json()
    assert (shown["restore"], shown["leave"]) == (3, 0)
    assert [(one["from_base_price"], one["to_base_price"]) for one in shown["items"]] == [(9_700, 10_000)] * 3
    assert priced.events("undo.Reverted") == []

    key = {"Idempotency-Key": "oops"}
    asked = api.post("/stores/1/undo", json=body | {"shown_digest": shown["digest"]}, headers=key)
    assert asked.status_code == 202
    done = asked.json()
    assert [one["document"]["base_price"] for one in done["decisions"]] == [10_000] * 3
    assert api.post("/stores/1/undo", json=body, headers=key).json()["decisions"] == done["decisions"]
    assert len(priced.events("undo.Reverted")) == 3
    again = api.post("/stores/1/undo", json=body).json()
    assert (again["decisions"], {one["code"] for one in again["left"]}) == ([], {"write_in_flight"})
    land(priced)
    assert set(prices(priced).values()) == {10_000}

    priced.clock.advance(timedelta(hours=2))
    priced.run()
    held = priced.proposals(states=["held"])[:3]
    assert {row["document"]["reason"] for row in held} == {"lock/hand_edit"}

    back = api.post("/stores/1/undo", json={"scope": "run", "run_id": done["undo_id"]}).json()
    assert (len(back["decisions"]), back["left"]) == (3, [])
    land(priced)
    assert prices(priced) == after
    seen = api.get(f"/stores/1/undo/{done['undo_id']}").json()
    assert {one["state"] for one in seen["decisions"]} == {"applied"}


def test_prices_as_of_an_instant_come_back_and_what_somebody_changed_is_listed(
    priced: Any, api: Api, item_of: Any
) -> None:
    priced.connect()  # the API's store is priced by hand
    then = priced.clock.now() - timedelta(hours=1)
    for number in (1, 2, 3):
        for rival in (0, 1, 2):
            priced.pages.prices[f"https://rival{rival}.example/1/{number}"] = 9_500
    priced.clock.advance(timedelta(days=2))
    priced.observe(*(item_of(str(number), base_price=9_700, shelf_price=9_700) for number in (1, 2, 3)))
    run(priced)
    assert set(prices(priced).values()) == {9_500}
    edit(priced, "2", 9_200)
    shown = api.post("/stores/1/undo/preview", json={"scope": "as_of", "at": then.isoformat()}).json()
    rows = {one["item"]: (one["outcome"], one["to_base_price"], one["code"]) for one in shown["items"]}
    assert rows == {
        "1": ("restore", 10_000, None),
        "2": ("leave", None, "changed_since"),
        "3": ("restore", 10_000, None),
    }
    (left,) = [one for one in shown["items"] if one["outcome"] == "leave"]
    assert left["name"] == "عطر 2" and "changed again" in left["reason_en"] and left["reason_ar"]
    assert [len(one["undone_decision_ids"]) for one in shown["items"] if one["outcome"] == "restore"] == [2, 2]
    done = api.post("/stores/1/undo", json={"scope": "as_of", "at": then.isoformat(), "items": ["1", "2"]}).json()
    assert [one["item"] for one in done["decisions"]] == ["1"]
    (reverted,) = priced.events("undo.Reverted")
    assert len(reverted["state"]["reverts_decision_ids"]) == 2
    land(priced)
    assert prices(priced) == {"1": 10_000, "2": 9_200, "3": 9_500}


def edit(world: Any, product_id: str, found: int) -> None:
    """Somebody sets a price by hand."""
    world.tell(
        onboarding.ManualEditDetected(
            store_id="1",
            occurred_at=world.clock.now(),
            product_id=product_id,
            expected_base_price=prices(world)[product_id],
            found_base_price=found,
            found_by="sweep",
        )
    )


def test_an_incident_is_found_and_undone_by_policy_and_by_offer(world: Any, api: Api) -> None:
    world.connect()
    world.stock(3)
    only = world.pages.prices
    only["https://rival0.example/1/2"] = None  # so that item 2 rests on the two others
    policies = world.container.policies
    version = policies.draft("1", PricePolicy(title="bold"), "key_1")
    for stage in ("shadow", "live"):
        policies.stage("1", version, PolicyStage(stage), None, "key_1")
    run(world)
    touched = api.post("/stores/1/undo/preview", json={"scope": "offer", "url": "https://rival0.example/1/1"}).json()
    assert [one["item"] for one in touched["items"]] == ["1"]
    none = api.post("/stores/1/undo/preview", json={"scope": "offer", "url": "https://rival0.example/1/2"}).json()
    assert none["items"] == []
    under = api.post("/stores/1/undo/preview", json={"scope": "policy", "policy_version": version}).json()
    assert {one["item"] for one in under["items"]} == set(prices(world))
    other = api.post("/stores/1/undo/preview", json={"scope": "policy", "policy_version": version + 1}).json()
    assert other["items"] == []
    late = (world.clock.now() + timedelta(seconds=1)).isoformat()
    body = {"scope": "policy", "policy_version": version, "since": late}
    assert api.post("/stores/1/undo/preview", json=body).json()["items"] == []


def test_a_preview_that_is_out_of_date_undoes_nothing(priced: Any, api: Api) -> None:
    body = {"scope": "run", "run_id": str(priced.first)}
    digest = api.post("/stores/1/undo/preview", json=body).json()["digest"]
    edit(priced, "2", 9_200)
    answer = api.post("/stores/1/undo", json=body | {"shown_digest": digest})
    assert (answer.status_code, answer.json()["code"]) == (409, "shown_something_else")
    priced.tell(
        onboarding.StorePaused(store_id="1", occurred_at=priced.clock.now(), fence=1, paused_by="x", reason="x")
    )
    assert api.post("/stores/1/undo", json=body).json()["code"] == "store_not_priced"
    paused = api.post("/stores/1/undo/preview", json=body).json()
    assert {one["code"] for one in paused["items"]} == {"store_paused", "changed_since"}
    assert priced.events("undo.Reverted") == []


def test_single_decisions_are_undone_whatever_became_of_them(priced: Any, api: Api, item_of: Any) -> None:
    first, second, third = priced.decisions()
    priced.clock.advance(timedelta(days=2))
    ids = [str(one["decision_id"]) for one in (first, second)]
    shown = api.post("/stores/1/undo/preview", json={"scope": "decisions", "decision_ids": ids}).json()
    # Two days on nothing is known of costs: the catalogue has to be read first.
    assert {one["code"] for one in shown["items"]} == {"catalogue_stale"}
    priced.observe(*(item_of(str(number), base_price=9_700, shelf_price=9_700) for number in (1, 2, 3)))
    done = api.post("/stores/1/undo", json={"scope": "decisions", "decision_ids": ids}).json()
    assert {one["document"]["reverts_decision_id"] for one in done["decisions"]} == set(ids)
    failing = priced.decisions(states=["decided"])[0]
    reason = {"reason": "rejected", "detail": "Salla said no"}
    priced.report(failing, onboarding.PriceApplyFailed, **reason)
    body = {"scope": "decisions", "decision_ids": [str(failing["decision_id"])]}
    (left,) = api.post("/stores/1/undo/preview", json=body).json()["items"]
    assert (left["code"], left["outcome"]) == ("not_applied", "leave")
    still = {first["item_key"], second["item_key"]} - {failing["item_key"]}
    assert {one["item_key"] for one in priced.decisions(states=["decided"])} == still
    assert third["item_key"] not in {one["item"] for one in done["decisions"]}


@pytest.mark.parametrize(
    "body",
    [
        {"scope": "run"},
        {"scope": "run", "run_id": str(uuid4()), "at": "2026-03-02T09:00:00Z"},
        {"scope": "as_of", "at": "2026-03-02T09:00:00"},
        {"scope": "as_of", "at": "2030-01-01T00:00:00Z"},
        {"scope": "run", "run_id": str(uuid4()), "since": "2026-03-02T09:00:00Z"},
        {"scope": "everything"},
        {"scope": "decisions", "decision_ids": []},
    ],
)
def test_what_is_not_named_clearly_is_refused(priced: Any, api: Api, body: dict[str, Any]) -> None:
    answer = api.post("/stores/1/undo", json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] in ("invalid_request", "undo_refused")


def test_nothing_of_another_store_is_undone_or_seen(priced: Any, api: Api) -> None:
    priced.connect("2")
    undoing, one = priced.container.undoing, priced.decisions()[0]["decision_id"]
    assert undoing.preview("2", Wanted(UndoScope.RUN, run_id=priced.first)).items == ()
    with pytest.raises(errors.DecisionUnknown):
        undoing.undo("2", Wanted(UndoScope.DECISIONS, decisions=(one,)), "key_2")
    with pytest.raises(errors.UndoUnknown):
        undoing.look_up("2", priced.first)
    with pytest.raises(errors.StoreUnknown):
        undoing.preview("9", Wanted(UndoScope.RUN, run_id=priced.first))
    unknown = {"scope": "decisions", "decision_ids": [str(uuid4())]}
    assert api.post("/stores/1/undo", json=unknown).json()["code"] == "not_found"
    assert api.get(f"/stores/1/undo/{priced.first}").status_code == 404  # a run is no undo
    assert api.post("/stores/2/undo/preview", json=unknown).status_code == 404
