"""Runs under policies: which one decides, what one in shadow is recorded to have made, and what-if."""

from datetime import timedelta
from typing import Any

import pytest
from tests.support.asking import Api
from tests.support.replaying import recorded, replayed

from thaman_contracts.events.policies import PolicyStage, PricePolicy
from thaman_optimizer.domain import analyst
from thaman_optimizer.domain.advice import Advised
from thaman_optimizer.domain.overlay import in_canary
from thaman_optimizer.errors import InputsChanged

MATCH = {"strategy": "match", "mode": "full_auto", "ending": "exact", "min_offers": 1, "watch_until": None}


def staged(world: Any, stage: str, share_bp: int | None = None, **policy: Any) -> int:
    """A policy drafted and let so far."""
    version: int = world.container.policies.draft("1", PricePolicy.model_validate({"title": "t"} | policy), "key_1")
    if stage != "draft":
        world.container.policies.stage("1", version, PolicyStage(stage), share_bp, "key_1")
    return version


def store(world: Any, count: int = 4, **settings: Any) -> None:
    """Items at 100.00 that rivals sell around 97.00."""
    world.connect(settings=MATCH | settings)
    world.stock(count)


def prices(world: Any) -> dict[str, int]:
    """What was proposed of each item."""
    return {
        one["item_key"]: one["document"]["new_shelf_price"] for one in world.proposals() if one["disposition"] != "hold"
    }


def documents(world: Any) -> list[dict[str, Any]]:
    return [event["state"] for event in world.events() if event["topic"] in ("proposal.Proposed", "proposal.Held")]


def test_without_a_policy_the_settings_decide_and_no_version_is_named(world: Any) -> None:
    store(world)
    world.run()
    assert set(prices(world).values()) == {9_700}
    assert {one["policy_version"] for one in documents(world)} == {None}


@pytest.mark.parametrize("stage", ["draft", "shadow", "retired"])
def test_a_policy_that_is_not_let_decides_nothing(world: Any, stage: str) -> None:
    store(world)
    staged(world, stage, strategy="premium", offset_bp=300)
    world.run()
    assert set(prices(world).values()) == {9_700}
    assert {one["policy_version"] for one in documents(world)} == {None}


def test_a_live_policy_decides_with_its_scoped_strategies(world: Any) -> None:
    store(world)
    version = staged(
        world,
        "live",
        strategies=[
            {"kind": "fixed", "price": 9_850, "scope": {"products": ["1"]}},
            {"kind": "position", "against": "lowest", "by": -50, "scope": {"products": ["2"]}},
            {"kind": "lock", "scope": {"products": ["3"]}},
        ],
    )
    world.run()
    assert prices(world) == {"1": 9_850, "2": 9_550, "4": 9_700}
    assert {one["policy_version"] for one in documents(world)} == {version}
    said = {one["product_id"]: one for one in documents(world)}
    assert [said[key]["strategy"] for key in "1234"] == ["fixed", "position", "lock", "match"]
    assert said["3"]["reason"] == "strategy/item_locked"
    assert "fixed price" in said["1"]["reason_en"] and "سعر ثابت" in said["1"]["reason_ar"]


def test_a_live_policy_can_only_tighten(world: Any) -> None:
    store(world, max_step_bp=200)
    staged(world, "live", min_margin_bp=4_000, max_step_bp=5_000)
    world.run()
    (one, *_) = documents(world)
    assert one["floor"] == 9_584  # 50.00 x 1.15 / (1 - .40)
    assert one["new_shelf_price"] == 9_800, "the settings' step of 2 % holds"
    assert {decision["document"]["max_step_bp"] for decision in world.decisions()} == {200}


def test_a_canary_decides_for_its_share_and_the_live_one_for_the_rest(world: Any) -> None:
    store(world, count=40)
    live = staged(world, "live", strategy="match")
    trial = staged(world, "canary", 3_000, strategy="undercut", offset_bp=100)
    world.run()
    tried = {key for key, price in prices(world).items() if price == 9_603}
    assert tried == {str(item) for item in range(1, 41) if in_canary("1", trial, str(item), 3_000)}
    assert 0 < len(tried) < 40
    versions = {one["product_id"]: one["policy_version"] for one in documents(world)}
    assert versions == {key: trial if key in tried else live for key in prices(world)}


def test_what_one_in_shadow_makes_is_recorded_and_not_written(world: Any, api: Api) -> None:
    store(world)
    version = staged(world, "shadow", strategy="premium", offset_bp=300)
    run = world.run()
    (event,) = (one["state"] for one in world.events("policy.PricesShadowed"))
    assert (event["run_id"], event["policy_version"]) == (str(run), version)
    shown = {(one["shelf_price"], one["live_price"], one["shadow_price"]) for one in event["prices"]}
    assert shown == {(10_000, 9_700, 9_991)}
    assert {decision["document"]["shelf_price"] for decision in world.decisions()} == {9_700}
    page = api.get(f"/stores/1/policies/{version}/shadow").json()
    assert (page["totals"]["compared"], page["totals"]["different"]) == (4, 4)


def test_shadows_are_recorded_with_the_items_they_are_of(world: Any) -> None:
    store(world, count=200)
    staged(world, "shadow", strategy="hold")
    world.run()
    pages = [one["state"]["prices"] for one in world.events("policy.PricesShadowed")]
    assert [len(page) for page in pages] == [160, 40], "a save each"
    assert {one["product_id"] for page in pages for one in page} == {str(item) for item in range(1, 201)}


def test_a_shadow_that_fails_stops_nobody(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def advise(store: Any, *rest: Any) -> Any:
        asked.append("shadow" if store.policy else "live")
        if store.policy:
            raise FloatingPointError("no such number")
        return engine(store, *rest)

    engine = analyst.advise
    monkeypatch.setattr(analyst, "advise", advise)
    store(world)
    staged(world, "shadow", strategy="premium")
    world.run()
    assert asked == ["live", "shadow"]
    assert set(prices(world).values()) == {9_700}
    assert world.events("policy.PricesShadowed") == []


def test_an_engine_that_fails_at_the_outlook_fails_the_run(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def outlooks(*_: Any) -> None:
        raise FloatingPointError("no such number")

    monkeypatch.setattr(Advised, "outlooks", outlooks)
    store(world)
    row = world.container.views.run("1", world.run())
    assert row["state"] == "failed"
    assert row["failure"] == "analyst: the pricing engine failed: FloatingPointError: no such number"


@pytest.mark.parametrize("stage", ["live", "canary"])
def test_a_run_under_policies_is_recomputed_from_its_record(world: Any, stage: str) -> None:
    store(world, count=12)
    staged(world, "live", strategies=[{"kind": "undercut", "by_bp": 100, "scope": {"products": ["1", "5"]}}])
    if stage == "canary":
        staged(
            world,
            "canary",
            5_000,
            strategy="premium",
            offset_bp=100,
            sleep={"from_time": "01:00", "until_time": "02:00"},
        )
    world.run()
    record = recorded(world.events())
    assert len(record) == 12
    assert replayed(world.events(), seed=3) == record


def test_prices_rest_while_the_policy_says_so_but_a_broken_floor_is_shown(world: Any, item_of: Any) -> None:
    store(world)
    world.observe(item_of("9", cost=9_500))
    staged(world, "live", sleep={"from_time": "11:00", "until_time": "13:00"})  # 09:00 UTC is noon in Riyadh
    world.run()
    said = {one["product_id"]: one for one in documents(world)}
    assert said["1"]["reason"] == "season_window/quiet_window"
    assert "prices rest now: sleep" in said["1"]["reason_en"]
    assert (said["9"]["risk"], said["9"]["disposition"]) == ("high", "ask")


def test_an_approval_is_of_the_policy_that_decides_now(world: Any) -> None:
    store(world, mode="manual")
    staged(world, "live", min_margin_bp=4_000)
    world.run()
    (first, second, *_) = world.proposals(states=["pending"])
    world.container.optimizer.approve("1", first["proposal_id"], "key_1")
    (decision,) = world.decisions()
    assert decision["document"]["floor"] == 9_584
    staged(world, "live", strategy="hold")
    with pytest.raises(InputsChanged, match="another pricing policy decides"):
        world.container.optimizer.approve("1", second["proposal_id"], "key_1")


def test_an_approval_of_a_canary_is_for_its_share_only(world: Any) -> None:
    store(world, mode="manual")
    trial = staged(world, "canary", 9_999, strategy="undercut")
    world.run()
    (first, second, *_) = world.proposals(states=["pending"])
    world.container.optimizer.approve("1", first["proposal_id"], "key_1")
    world.container.policies.stage("1", trial, PolicyStage.DRAFT, None, "key_1")
    with pytest.raises(InputsChanged, match="another pricing policy decides"):
        world.container.optimizer.approve("1", second["proposal_id"], "key_1")


def test_what_if_now_says_what_would_differ_and_writes_nothing(world: Any, api: Api) -> None:
    store(world, mode="manual")
    world.run()
    version = staged(world, "draft", strategy="hold")
    before = len(world.events())
    answer = api.post(f"/stores/1/policies/{version}/what-if", json={})
    assert answer.status_code == 200, answer.json()
    found = answer.json()
    assert (found["live"]["asked"], found["policy"]["held"], found["different"]) == (4, 4, 4)
    assert found["differences"][0] == {
        "item": "1",
        "shelf_price": 10_000,
        "live_price": 9_700,
        "policy_price": None,
        "reason": "result/already_right",
    }
    assert "no shopper saw" in found["note_en"] and "نموذج الطلب" in found["note_ar"]
    assert len(world.events()) == before


def test_what_if_over_history_judges_recorded_runs_on_their_own_facts(world: Any, api: Api) -> None:
    store(world)
    for cause in ("first", "second"):
        world.run(cause=cause)
        world.clock.advance(timedelta(hours=1))
    same, other = staged(world, "draft", strategy="match"), staged(world, "draft", strategy="undercut", offset_bp=100)
    nothing = api.post(f"/stores/1/policies/{same}/what-if", json={"over": "history"}).json()
    assert [(run["different"], run["reproduced"]) for run in nothing["runs"]] == [(0, True), (0, True)]
    assert nothing["live"] == nothing["policy"]
    found = api.post(f"/stores/1/policies/{other}/what-if", json={"over": "history", "days": 7}).json()
    assert found["different"] == 4, "in the second run the items were in flight"
    assert [run["policy"]["written"] for run in found["runs"]] == [0, 4]
    world.clock.advance(timedelta(days=8))
    assert api.post(f"/stores/1/policies/{other}/what-if", json={"over": "history", "days": 7}).json()["runs"] == []


def test_what_if_needs_a_store_and_a_policy(world: Any, api: Api) -> None:
    store(world)
    assert api.post("/stores/1/policies/7/what-if", json={}).status_code == 404
    assert api.post("/stores/1/policies/1/what-if", json={"over": "tomorrow"}).status_code == 422
