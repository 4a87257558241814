"""Runs from request to result, on a real database."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from thaman_contracts.events import onboarding
from thaman_contracts.events.onboarding import CatalogItem
from thaman_contracts.events.settings import StoreSettings
from thaman_kit.jobs import RetryLater


def test_a_run_scouts_analyses_and_decides(world: Any) -> None:
    world.connect()
    world.stock(3)
    run_id = world.run()

    row = world.container.views.run("1", run_id)
    assert row["state"] == "completed"
    assert row["statistics"] == {
        "analysed": 3,
        "updated": 3,
        "asked": 0,
        "held": 0,
        "skipped": 0,
        "competitors": 3,
        "offers_usable": 9,
        "duration_ms": 0,
    }
    assert row["scouted"] == {
        "items": 3,
        "links": 9,
        "offers_usable": 9,
        "offers_unusable": 0,
        "competitors": 3,
        "duration_ms": 0,
    }
    topics = [event["topic"] for event in world.events() if event["topic"] != "links.Changed"]
    assert topics == [
        "run.Started",
        "run.OffersObserved",
        "run.MarketScouted",
        *["proposal.Proposed", "proposal.Decided"] * 3,
        "run.Completed",
    ]
    for decision in world.decisions():
        assert decision["document"]["base_price"] == 9_700
        assert decision["document"]["decided_by"] == "policy"
        assert decision["document"]["expected_base_price"] == 10_000
        assert decision["state"] == "decided"


def test_published_fields_do_not_carry_private_inputs(world: Any) -> None:
    world.connect()
    world.stock(1)
    world.run()
    stored = world.events("proposal.Proposed")[0]["state"]
    assert stored["inputs"]["cost"] == 5_000
    assert "inputs" not in world.proposals()[0]["document"]


def test_without_links_everything_is_held_and_nobody_is_asked(world: Any) -> None:
    world.connect()
    world.stock(2, rivals=())
    run_id = world.run()
    row = world.container.views.run("1", run_id)
    assert row["hold_reasons"] == {"data_fitness/no_reference": 2}
    assert row["statistics"]["held"] == 2
    assert world.pages.asked == []


def test_variants_parents_and_deleted_items_are_skipped(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    world.connect()
    world.observe(item_of("1", has_variants=True), item_of("1", variant_id="7"), item_of("2"))
    world.tell(onboarding.CatalogItemsRemoved(store_id="1", occurred_at=world.clock.now(), keys=("2",)))
    row = world.container.views.run("1", world.run())
    assert (row["statistics"]["analysed"], row["statistics"]["skipped"]) == (1, 2)


def test_an_unknown_store_fails_the_run_with_a_reason(world: Any) -> None:
    run_id = world.ask("9")
    (job,) = world.claim()
    for attempt in range(1, 6):
        job.attempts = attempt
        with pytest.raises(RetryLater):
            asyncio.run(world.container.runs.handle(job))
    job.attempts = 6
    asyncio.run(world.container.runs.handle(job))
    row = world.container.views.run("9", run_id)
    assert row["state"] == "failed"
    assert "not connected" in row["failure"]


def test_the_same_run_twice_is_one_run(world: Any) -> None:
    world.connect()
    world.stock(2)
    world.run(cause="slot")
    before = world.events()
    world.run(cause="slot")
    assert world.events() == before


def test_a_paused_or_stopped_store_is_held_without_reading_pages(world: Any) -> None:
    world.connect()
    world.stock(1)
    world.stop_all()
    row = world.container.views.run("1", world.run())
    assert row["hold_reasons"] == {"stop_fence/system_stopped": 1}
    world.stop_all(stopped=False)
    world.tell(onboarding.StorePaused(store_id="1", occurred_at=world.clock.now(), fence=1, reason="x", paused_by="me"))
    row = world.container.views.run("1", world.run(cause="second"))
    assert row["hold_reasons"] == {"stop_fence/store_paused": 1}
    assert world.pages.asked == []


def test_decisions_after_an_emergency_stop_carry_the_fence_that_is_in_force(world: Any) -> None:
    world.connect(fence=2)
    world.stock(1)
    world.stop_all()
    world.stop_all(stopped=False)
    world.run()
    (decision,) = world.decisions()
    assert decision["document"]["fence"] == 3, "the store's fence and the installation's add up"


def test_pages_read_a_moment_ago_are_not_read_again_and_their_offers_still_count(world: Any) -> None:
    world.connect(settings={"mode": "manual"})
    world.stock(1)
    world.run()
    asked = len(world.pages.asked)
    world.clock.advance(timedelta(minutes=10))
    row = world.container.views.run("1", world.run())
    assert len(world.pages.asked) == asked
    assert row["statistics"]["offers_usable"] == 3
    assert row["statistics"]["asked"] == 1


def test_an_unreachable_page_does_not_wipe_out_a_fresh_price_but_age_does(world: Any) -> None:
    world.connect(settings={"mode": "manual"})
    world.stock(1)
    world.run()
    for url in world.pages.prices:
        world.pages.prices[url] = None
    world.clock.advance(timedelta(hours=2))
    row = world.container.views.run("1", world.run())
    assert row["statistics"]["offers_usable"] == 3
    world.clock.advance(timedelta(hours=23))
    world.observe()
    row = world.container.views.run("1", world.run())
    assert row["hold_reasons"] == {"data_fitness/no_reference": 1}


def test_a_newer_proposal_supersedes_the_older(world: Any) -> None:
    world.connect(settings={"mode": "manual"})
    world.stock(2)
    first = world.run()
    world.clock.advance(timedelta(minutes=5))
    second = world.run()
    assert {row["close_reason"] for row in world.proposals(run_id=first)} == {"superseded"}
    assert {row["state"] for row in world.proposals(run_id=second)} == {"pending"}


def test_a_decision_supersedes_what_was_asked_before_and_both_rows_are_right(world: Any) -> None:
    world.connect(settings={"mode": "manual"})
    world.stock(2)
    first = world.run()
    settings = StoreSettings.model_validate({"mode": "full_auto", "ending": "exact"})
    world.tell(
        onboarding.StoreSettingsChanged(
            store_id="1", occurred_at=world.clock.now(), settings_version=2, settings=settings, changed_by="me"
        )
    )
    world.clock.advance(timedelta(minutes=5))
    second = world.run()
    assert {row["state"] for row in world.proposals(run_id=first)} == {"expired"}
    assert {row["state"] for row in world.proposals(run_id=second)} == {"decided"}
    assert len(world.decisions()) == 2


def test_a_decision_in_flight_holds_the_item_until_it_is_settled(world: Any) -> None:
    world.connect(settings={"cooldown_minutes": 0, "changes_per_day": 9})
    world.stock(1)
    world.run()
    decision = world.decisions()[0]
    world.clock.advance(timedelta(hours=1))
    row = world.container.views.run("1", world.run())
    assert row["hold_reasons"] == {"lock/write_in_flight": 1}
    world.report(decision, onboarding.PriceApplyUncertain, attempt=1, target_base_price=9_700, reason="timeout")
    world.clock.advance(timedelta(hours=1))
    assert world.container.views.run("1", world.run())["hold_reasons"] == {"lock/write_in_flight": 1}
    world.applied(decision)
    world.clock.advance(timedelta(hours=1))
    assert world.container.views.run("1", world.run())["hold_reasons"] == {"result/already_right": 1}


def test_budget_and_cooldown_count_applied_changes(world: Any) -> None:
    world.connect(settings={"cooldown_minutes": 60})
    world.stock(1)
    world.run()
    world.applied(world.decisions()[0])
    for url in world.pages.prices:
        world.pages.prices[url] = 9_400
    world.clock.advance(timedelta(hours=2))
    assert world.container.views.run("1", world.run())["hold_reasons"] == {"day_budget/day_budget": 1}
    world.clock.advance(timedelta(hours=23))
    world.observe()
    row = world.container.views.run("1", world.run())
    assert row["statistics"]["updated"] == 1
    assert world.decisions()[0]["document"]["base_price"] == 9_400


def test_a_hand_edit_is_left_alone(world: Any) -> None:
    world.connect()
    world.stock(1)
    world.tell(
        onboarding.ManualEditDetected(
            store_id="1",
            occurred_at=world.clock.now(),
            product_id="1",
            expected_base_price=10_000,
            found_base_price=10_500,
            found_by="webhook",
        )
    )
    assert world.container.views.run("1", world.run())["hold_reasons"] == {"lock/hand_edit": 1}


def test_a_large_catalogue_takes_several_saves_and_ends_once(world: Any) -> None:
    world.connect(settings={"mode": "manual"})
    world.stock(400)
    run_id = world.run()
    row = world.container.views.run("1", run_id)
    assert row["statistics"]["asked"] == 400
    assert len(world.events("run.OffersObserved")) == 6
    world.clock.advance(timedelta(minutes=1))
    second = world.run()
    assert world.container.views.run("1", second)["statistics"]["asked"] == 400
    assert {row["state"] for row in world.proposals(run_id=run_id)} == {"expired"}


def test_two_workers_on_one_run_say_everything_once(world: Any) -> None:
    world.connect()
    world.stock(5)
    world.ask()
    (job,) = world.claim()

    async def both() -> None:
        await asyncio.gather(*(world.container.runs.handle(job) for _ in range(2)), return_exceptions=True)

    asyncio.run(both())
    assert len(world.events("run.Completed")) == 1
    assert len(world.events("proposal.Decided")) == 5
