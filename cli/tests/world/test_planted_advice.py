"""``check_world`` on advice: a run that had some is in order, and each promise of docs/adr/0011 broken on purpose."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.support.advised import (
    HELD,
    ITEMS,
    MOVED,
    RESCUED,
    RISKY,
    RUN,
    SHOP,
    SOUND,
    advice,
    advised_run,
    changed,
    drop,
    wanted,
)
from tests.support.planted import LATER, STORE, add, violation

from thaman_contracts.events import optimizer
from thaman_contracts.events.advice import AssessmentOutcome, AssessmentReason
from thaman_optimizer.domain.analyst import Verdict, judge
from thaman_optimizer.domain.assessment import Assessment
from thaman_optimizer.domain.engine import Finding, Move, Stay
from thaman_optimizer.domain.events import PriceHeld, PriceProposed

PLAIN = {verdict.key: verdict for verdict in judge(SHOP, list(ITEMS), LATER)}
TOLD = {verdict.key: verdict for verdict in judge(SHOP, list(ITEMS), LATER, Assessment(SOUND))}


def move(key: str, verdicts: dict[str, Verdict]) -> Move:
    """What was found of an item that moves."""
    found = verdicts[key].finding
    assert isinstance(found, Move)
    return found


def instead(key: str, finding: Finding) -> Callable[[Verdict], Verdict]:
    """One item is said to be something else."""
    return lambda verdict: replace(verdict, finding=finding) if verdict.key == key else verdict


def test_the_run_is_what_the_plants_need() -> None:
    assert move(MOVED, PLAIN).assessment.risk is optimizer.Risk.LOW
    assert move(MOVED, TOLD).base_price != move(MOVED, PLAIN).base_price
    assert isinstance(PLAIN[HELD].finding, Stay)
    assert "outside_limits_now" in move(RESCUED, PLAIN).assessment.reasons
    assert move(RISKY, PLAIN).assessment.risk is optimizer.Risk.MEDIUM


def test_a_run_with_sound_advice_is_in_order(installation: Any) -> None:
    add(installation, wanted(), *advised_run())
    assert installation.check().ok


def test_a_store_that_wanted_none(installation: Any) -> None:
    add(installation, wanted(advice="off"), *advised_run())
    assert f"run {RUN}, store {STORE}" in violation(installation, "advice_not_wanted")


def test_a_run_that_was_begun_before_advice_was_switched_on(installation: Any) -> None:
    """Its worker died, and the next one looked at the settings again."""
    off, on = wanted(advice="off"), wanted().model_copy(update={"settings_version": 3, "occurred_at": LATER})
    add(installation, off, on, *advised_run())
    assert installation.check().ok


def test_a_run_that_was_asked_about_twice(installation: Any) -> None:
    events = advised_run()
    (assessed,) = (one for one in events if type(one).__name__ == "MarketAssessed")
    again = assessed.model_copy(update={"originator_version": 9})
    add(installation, wanted(), *events, again)
    assert "assessed_twice" in installation.rules(quiet=False)


@pytest.mark.parametrize(
    ("found", "what"),
    [
        ({"input_tokens": 901}, "1001 tokens used, 1000 allowed"),
        ({"cost_micro_usd": 51}, "51 micro-dollars spent, 50 allowed"),
        (
            {"outcome": AssessmentOutcome.SKIPPED, "reason": AssessmentReason.DAY_BUDGET, "advice": ()},
            "1000 tokens used though nobody was asked",
        ),
    ],
)
def test_more_used_than_allowed(installation: Any, found: dict[str, Any], what: str) -> None:
    add(installation, wanted(), *advised_run(found=found))
    assert what in violation(installation, "advice_over_budget")


def test_advice_though_there_was_no_answer(installation: Any) -> None:
    add(installation, wanted(), *advised_run(found={"outcome": AssessmentOutcome.FAILED}))
    violation(installation, "advice_without_answer")


@pytest.mark.parametrize(
    "said",
    [
        {"demand_factor_bp": 11_000, "demand_until": LATER + timedelta(days=14, seconds=1)},
        {"demand_factor_bp": 11_000, "demand_until": LATER},
        {"demand_factor_bp": 11_000},
    ],
)
def test_a_factor_that_does_not_end_in_time(installation: Any, said: dict[str, Any]) -> None:
    add(installation, wanted(), *advised_run(advice(MOVED, **said)))
    assert "11000 bp until" in violation(installation, "advice_out_of_range")


@pytest.mark.parametrize("factor", [7_999, 12_501])
def test_a_factor_out_of_its_range_cannot_be_read(installation: Any, factor: int) -> None:
    until = LATER + timedelta(days=3)
    add(installation, wanted(), *advised_run(advice(MOVED, demand_factor_bp=11_000, demand_until=until)))
    installation.spoil(
        "UPDATE optimizer.optimizer_events SET state = convert_to(replace(convert_from(state, 'UTF8'),"
        f" '\"demand_factor_bp\":11000', '\"demand_factor_bp\":{factor}'), 'UTF8') WHERE topic = 'run.MarketAssessed'"
    )
    found = [one for one in installation.check(quiet=False).violations if one.rule == "event_unreadable"]
    assert len(found) == 1 and "run.MarketAssessed" in found[0].what


def test_most_offers_talked_away(installation: Any) -> None:
    add(installation, wanted(), *advised_run(advice(MOVED, offers=drop(0, 1, 2))))
    assert "3 of 5 offers" in violation(installation, "advice_against_majority")


def test_an_offer_of_another_item(installation: Any) -> None:
    add(installation, wanted(), *advised_run(advice(HELD, offers=drop(4))))
    assert f"item {HELD}: 1 offers" in violation(installation, "advice_on_unknown_offer")


def test_an_item_of_another_store(installation: Any) -> None:
    add(installation, wanted(), *advised_run(*SOUND, advice("99", hold=True)))
    assert "item 99" in violation(installation, "advice_on_unknown_item")


def test_a_price_that_advice_changed_unseen(installation: Any) -> None:
    events = changed(advised_run(), PriceProposed, MOVED, risk=optimizer.Risk.LOW)
    add(installation, wanted(), *events)
    assert f"item {MOVED}: low risk, medium at least" in violation(installation, "advice_lowered_risk")


def test_a_lower_risk_than_without_advice(installation: Any) -> None:
    events = changed(advised_run(), PriceProposed, RISKY, risk=optimizer.Risk.LOW)
    add(installation, wanted(), *events)
    assert f"item {RISKY}: low risk, medium at least" in violation(installation, "advice_lowered_risk")


def test_an_advised_risk_that_was_not_kept(installation: Any) -> None:
    said = (advice(MOVED, least_risk=optimizer.Risk.HIGH),)
    events = changed(advised_run(*said), PriceProposed, MOVED, risk=optimizer.Risk.MEDIUM)
    add(installation, wanted(), *events)
    assert f"item {MOVED}: medium risk, high at least" in violation(installation, "advice_lowered_risk")


def test_a_proposal_that_advice_made_automatic(installation: Any) -> None:
    events = changed(advised_run(), PriceProposed, RISKY, disposition=optimizer.Disposition.WRITE)
    add(installation, wanted(), *events)
    assert "write, ask without advice" in violation(installation, "advice_made_automatic")


def test_a_price_that_advice_moved_though_it_was_right(installation: Any) -> None:
    add(installation, wanted(), *advised_run(spoil=instead(HELD, move(MOVED, TOLD))))
    assert f"item {HELD}" in violation(installation, "advice_moved_a_price")


def test_a_price_below_its_floor_that_advice_left_there(installation: Any) -> None:
    add(installation, wanted(), *advised_run(spoil=instead(RESCUED, PLAIN[HELD].finding)))
    assert f"item {RESCUED}: held" in violation(installation, "advice_stopped_a_rescue")


def test_a_hold_that_nobody_heard(installation: Any) -> None:
    heard = advised_run(advice(MOVED, hold=True), spoil=instead(MOVED, move(MOVED, PLAIN)))
    add(installation, wanted(), *heard)
    assert f"item {MOVED}" in violation(installation, "advice_hold_unheard")


def test_a_run_of_another_engine_is_not_decided_anew(installation: Any) -> None:
    events = changed(advised_run(), PriceProposed, MOVED, risk=optimizer.Risk.LOW, engine_version="1")
    add(installation, wanted(), *events)
    assert installation.check().ok


def test_a_run_whose_facts_on_record_are_others_is_not_decided_anew(installation: Any) -> None:
    events = changed(advised_run(), PriceHeld, HELD, input_digest="0" * 64)
    events = changed(events, PriceProposed, MOVED, risk=optimizer.Risk.LOW)
    add(installation, wanted(), *events)
    assert installation.check().ok


def test_a_run_that_has_not_ended_is_held_to_what_it_said(installation: Any) -> None:
    events = [one for one in advised_run(found={"input_tokens": 901}) if type(one).__name__ != "OptimizationCompleted"]
    add(installation, wanted(), *changed(events, PriceProposed, RISKY, risk=optimizer.Risk.LOW))
    assert installation.rules(quiet=False) == {"advice_over_budget"}
