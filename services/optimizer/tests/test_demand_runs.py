"""Runs of stores whose strategy is demand: the learned engine prices, every guard judges, the record is enough."""

import asyncio
import json
import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.support.replaying import record_of, recorded, replayed

from thaman_contracts.events import onboarding
from thaman_contracts.events.settings import StoreSettings
from thaman_optimizer.domain import analyst
from thaman_optimizer.domain.replay import replay
from thaman_optimizer.runs import Runs

WEEKS = 12
DEMAND = {"strategy": "demand", "mode": "full_auto", "ending": "whole"}


def trade(world: Any, count: int, most: int = 5, **settings: Any) -> None:
    """A store by demand with ``count`` items, rivals, and weeks of orders of up to ``most`` pieces at three prices."""
    world.connect(settings=DEMAND | settings)
    world.stock(count)
    dice = random.Random(7)
    for week in range(WEEKS, 0, -1):
        lines = [
            {
                "product_id": str(item),
                "quantity": dice.randrange(1, most + 1),
                "unit_price": dice.choice((9_500, 10_000, 10_500)),
            }
            for item in range(1, count + 1)
            if dice.random() < 0.8
        ]
        world.tell(
            onboarding.SalesObserved(
                store_id="1",
                occurred_at=world.clock.now(),
                order_id=f"week-{week}",
                state="counted",
                placed_at=world.clock.now() - timedelta(weeks=week),
                source="sweep",
                lines=lines,
            )
        )


def said(world: Any) -> list[dict[str, Any]]:
    """All that runs said of items, as stored."""
    return [event["state"] for event in world.events() if event["topic"] in ("proposal.Proposed", "proposal.Held")]


def test_a_run_prices_with_the_engine_and_says_what_it_expects(world: Any) -> None:
    trade(world, 12)
    row = world.container.views.run("1", world.run())
    assert row["engine_version"].startswith("guards-1.1 demand-")
    assert row["statistics"]["analysed"] == 12
    proposed = [one["document"] for one in world.proposals() if one["disposition"] != "hold"]
    assert proposed, "nothing to look at"
    for document in proposed:
        assert document["strategy"] == "demand"
        assert document["model_version"].startswith("demand-")
        assert document["interval80_low"] <= document["expected_weekly_profit_change"] <= document["interval80_high"]
        assert 0 <= document["probability_of_gain_bp"] <= 10_000
        assert document["new_shelf_price"] % 100 == 0
        assert "weekly profit change" in document["reason_en"]
        assert "الربح" in document["reason_ar"]
        steps = {step["guard"]: step for step in document["trail"]}
        assert steps["strategy"]["detail"].startswith("strategy=demand codes=")
        assert list(steps)[-1] == "discount_licence", "every guard had its say"


def test_items_that_the_engine_holds_are_held_with_its_code(world: Any) -> None:
    trade(world, 6)
    world.run()
    for decision in world.decisions():
        world.applied(decision)
    world.clock.advance(timedelta(hours=25))
    world.observe()
    reasons = world.container.views.run("1", world.run())["hold_reasons"]
    changed = len(world.decisions())
    assert changed > 0
    assert reasons["strategy/dwell"] == changed
    held = next(
        one["document"] for one in world.proposals(states=["held"]) if one["document"]["reason"].endswith("dwell")
    )
    assert "less than seven days" in held["reason_en"]
    assert held["model_version"].startswith("demand-")


def learners(world: Any) -> list[dict[str, Any]]:
    """What was proposed only in order to learn."""
    return [one for one in said(world) if "dither" in json.dumps(one["trail"])]


@pytest.mark.parametrize("settings", [{"mode": "manual"}, {"watch_until": "2026-04-01T00:00:00Z"}])
def test_nothing_moves_to_learn_where_a_person_decides(world: Any, settings: dict[str, Any]) -> None:
    trade(world, 12, most=20, **settings)
    world.run()
    assert learners(world) == []
    assert world.decisions() == []


def test_in_full_auto_the_same_store_moves_a_little_to_learn(world: Any) -> None:
    trade(world, 12, most=20)
    world.run()
    (first, *_) = learners(world)
    assert "made to learn" in first["reason_en"]
    assert abs(first["new_shelf_price"] - 10_000) <= 400


def test_a_failing_engine_fails_the_run_and_prices_nothing(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise FloatingPointError("no such number")

    trade(world, 3)
    monkeypatch.setattr(analyst, "advise", broken)
    run_id = world.run()
    row = world.container.views.run("1", run_id)
    assert (row["state"], row["failure"]) == (
        "failed",
        "analyst: the pricing engine failed: FloatingPointError: no such number",
    )
    assert said(world) == []
    assert world.claim() == [], "the job is done: the same facts would fail again"
    monkeypatch.undo()
    world.clock.advance(timedelta(minutes=1))
    assert world.container.views.run("1", world.run())["state"] == "completed"


def test_a_margin_that_no_price_keeps_holds_every_item(world: Any) -> None:
    trade(world, 2, min_margin_bp=9_000, fee_bp=1_000)
    assert world.container.views.run("1", world.run())["hold_reasons"] == {"data_fitness/margin_impossible": 2}


def test_a_run_is_recomputed_from_its_record_in_a_new_process(world: Any) -> None:
    trade(world, 15)
    world.run()
    record = recorded(world.events())
    assert len(record) == 15
    assert any(figures for *_, figures in record.values())
    assert replayed(world.events(), seed=1) == record
    assert replayed(world.events(), seed=2, NPY_DISABLE_CPU_FEATURES="X86_V4") == record


def test_a_run_that_died_goes_on_with_the_store_as_it_was_recorded(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    trade(world, 5)
    world.ask()
    (job,) = world.claim()
    with monkeypatch.context() as patched:
        patched.setattr(Runs, "_decide", _die)
        with pytest.raises(RuntimeError, match="power cut"):
            asyncio.run(world.container.runs.handle(job))
    settings = StoreSettings.model_validate({"mode": "full_auto", "strategy": "demand", "min_margin_bp": 4_000})
    world.tell(
        onboarding.StoreSettingsChanged(
            store_id="1", occurred_at=world.clock.now(), settings_version=9, settings=settings, changed_by="me"
        )
    )
    asyncio.run(world.container.runs.handle(job))
    assert len(world.events("run.Completed")) == 1
    record = recorded(world.events())
    assert len(record) == 5
    assert replayed(world.events(), seed=3) == record


def _die(*_: object) -> None:
    raise RuntimeError("power cut")


def test_the_digest_covers_what_the_model_was_told_of_other_items(world: Any) -> None:
    trade(world, 3)
    world.run(cause="first")
    before, record = recorded(world.events()), record_of(world.events())
    record["items"][0]["past"]["history"][-1][1] += 1.0
    verdicts = replay(record["store"], record["items"], datetime.fromisoformat(record["now"]))
    changed = {verdict.key for verdict in verdicts if verdict.inputs.digest != before[verdict.key][0]}
    assert changed == {"1", "2", "3"}
