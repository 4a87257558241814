"""Recorded decisions made again: equal where nothing changed, named where something did, left out where it has to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from thaman_contracts.events import onboarding
from thaman_contracts.events.breaker import BreakerLimits
from thaman_contracts.events.policies import PolicyStage, PricePolicy
from thaman_contracts.events.settings import StoreSettings
from thaman_optimizer.adapters.recorded_runs import RecordedRuns
from thaman_optimizer.domain.events import PriceHeld, PriceProposed
from thaman_optimizer.domain.facts import plain
from thaman_optimizer.domain.recompute import Recomputed, Record
from thaman_optimizer.whatif import Retold, retell

POLICY = PricePolicy.model_validate(
    {
        "title": "one fixed",
        "strategies": [{"kind": "fixed", "price": 9_900, "scope": {"products": ["3"]}}],
    }
)


def records(world: Any) -> list[Record]:
    runs = RecordedRuns(world.container.application)
    day = timedelta(days=1)
    return list(runs.records("1", world.clock.now() - day, world.clock.now() + day))


def made_again(*given: Record) -> Recomputed:
    found = Recomputed()
    for record in given:
        found.add(record)
    return found


@pytest.fixture
def run(world: Any, item_of: Callable[..., Any]) -> Record:
    """A run by demand under a policy, with prices written, asked and held."""
    world.connect(settings={"mode": "semi_auto", "strategy": "demand"})
    world.stock(8)
    world.observe(item_of("20", cost=None), item_of("21", cost=9_900))
    lines = [{"product_id": str(item), "quantity": item, "unit_price": 10_000} for item in range(1, 9)]
    for week in range(1, 9):
        placed = world.clock.now() - timedelta(weeks=week)
        world.tell(
            onboarding.SalesObserved(
                store_id="1", occurred_at=world.clock.now(), order_id=str(week), state="counted", placed_at=placed,
                source="sweep", lines=lines,
            )
        )  # fmt: skip
    version = world.container.policies.draft("1", POLICY, "me")
    world.container.policies.stage("1", version, PolicyStage.LIVE, None, "me")
    world.run()
    (found,) = records(world)
    assert {type(one) for one in found.told} == {PriceProposed, PriceHeld}
    assert len(found.decided) > 0
    return found


def test_every_decision_comes_out_the_same(run: Record) -> None:
    found = made_again(run)
    assert (found.runs, found.equal, found.different, found.left_out) == (1, 10, [], {})


def test_a_changed_price_or_digest_is_named_with_its_field(run: Record) -> None:
    said = next(one for one in run.told if isinstance(one, PriceProposed) and one.product_id in run.decided)
    decided = run.decided[said.product_id].model_copy(update={"base_price": 1})
    changes = {"new_shelf_price": said.new_shelf_price + 100, "input_digest": "0" * 64}
    told = tuple(one.model_copy(update=changes) if one is said else one for one in run.told)
    found = made_again(replace(run, told=told, decided={**run.decided, said.product_id: decided}))
    (different,) = found.different
    assert (found.equal, different.run_id, different.item) == (9, run.run_id, said.product_id)
    assert different.fields["new_shelf_price"] == (said.new_shelf_price + 100, said.new_shelf_price)
    assert different.fields["base_price"][0] == 1
    assert set(different.fields) == {"new_shelf_price", "input_digest", "base_price"}


def test_a_changed_fact_changes_every_digest_of_its_run(run: Record) -> None:
    """The demand model is told the whole assortment, so its digest is part of each."""
    told = tuple(
        one.model_copy(update={"inputs": {**one.inputs, "cost": 4_000}}) if one.product_id == "1" else one
        for one in run.told
    )
    found = made_again(replace(run, told=told))
    assert found.equal == 0
    assert all("input_digest" in one.fields for one in found.different)


def test_a_decision_that_was_left_out_or_made_up_is_found(run: Record) -> None:
    gone = replace(run, decided={})
    assert {"events"} == {name for one in made_again(gone).different for name in one.fields}
    short = made_again(replace(run, told=run.told[1:]))
    assert list(short.left_out) == ["the run says that it judged 10 items, and 9 are on record"]


def test_what_cannot_be_made_again_is_counted_with_its_reason(run: Record) -> None:
    older = replace(run, told=tuple(one.model_copy(update={"engine_version": "guards-0.9"}) for one in run.told))
    bare = replace(run, told=tuple(one.model_copy(update={"inputs": {}}) for one in run.told))
    assert run.started is not None
    strange = {**run.started.store_inputs, "settings": {"strategy": "by_the_moon", "no_such": 1}}
    unread = replace(run, started=run.started.model_copy(update={"store_inputs": strange}))
    found = made_again(older, bare, replace(run, is_over=False), replace(run, started=None), unread)
    assert (found.runs, found.recomputed, found.left_out.total()) == (5, 0, 50)
    words = " | ".join(found.left_out)
    for part in ("guards-0.9", "facts of an item", "has not ended", "store's facts", "cannot be read by this release"):
        assert part in words


def test_the_same_policy_makes_the_same_of_history_and_another_does_not(world: Any, run: Record) -> None:
    def under(policy: PricePolicy) -> Retold:
        day = timedelta(days=1)
        runs, left_out = RecordedRuns(world.container.application).runs(
            "1", world.clock.now() - day, world.clock.now() + day, 1_000
        )
        return retell(runs, left_out, 0, policy)

    same = under(POLICY)
    ((again,), live) = same.runs, same.live
    assert (again.run_id, again.reproduced, again.differences) == (run.run_id, True, ())
    assert live == same.other
    assert (live.items, live.held) == (10, sum(isinstance(one, PriceHeld) for one in run.told))
    dearer = under(POLICY.model_copy(update={"min_margin_bp": 5_500, "title": "dearer"}))
    (other,) = dearer.runs
    assert other.different > 0
    assert dearer.live == live
    assert dearer.other.at_floor > live.at_floor


def test_a_breaker_is_no_fact_of_a_decision() -> None:
    """It stops writing; digests of before there was one stay, and setting one changes none."""
    plainly = plain(StoreSettings())
    assert plain(StoreSettings(breaker=BreakerLimits(changes=1))) == plainly
    assert "breaker" not in plainly and "advice" not in plainly
