"""Invariant 2 with violations planted: writes past floors, ceilings and steps, of what is stopped or locked."""

from datetime import timedelta
from typing import Any

import pytest
from tests.support.planted import ITEM, LATER, STORE, add, second_change, violation

from thaman_audit.testing import NOW
from thaman_audit.testing_events import observed
from thaman_contracts.events import onboarding
from thaman_contracts.events.settings import AutomationMode, ItemRule, StoreSettings, SystemSettings
from thaman_contracts.ids import decision_id, proposal_id, run_id


@pytest.mark.parametrize(
    ("rule", "decision"),
    [
        ("below_floor", {"floor": 9_801}),
        ("below_floor", {"floor": 0}),
        ("above_ceiling", {"ceiling": 9_799}),
        ("step_too_large", {"max_step_bp": 100}),
        ("step_too_large", {"expected_base_price": 0}),
        ("day_limit", {"changes_per_day": 1}),
    ],
)
def test_a_decision_past_its_own_limits(installation: Any, rule: str, decision: dict[str, int]) -> None:
    add(installation, *second_change(**decision), shown=9_800)
    assert str(decision_id(proposal_id(run_id(STORE, "r2"), ITEM))) in violation(installation, rule)


def test_the_floor_wins_over_the_ceiling(installation: Any) -> None:
    add(installation, *second_change(floor=9_800, ceiling=9_000), shown=9_800)
    assert installation.check().ok


@pytest.mark.parametrize(
    ("cost", "settings", "is_kept"),
    [
        (None, {}, True),
        (7_669, {}, True),  # 7,669 x 1.15 / 0.9 = 9,799.28
        (7_670, {}, False),  # 7,670 x 1.15 / 0.9 = 9,800.56
        (7_669, {"fee_bp": 100}, False),
        (7_746, {"margin_basis": "markup"}, True),  # 7,746 x 1.1 x 1.15 = 9,798.69
        (7_748, {"margin_basis": "markup"}, False),
        (1, {"min_margin_bp": 9_000, "fee_bp": 1_000}, False),
    ],
)
def test_a_write_below_what_its_cost_demands(
    installation: Any, cost: int | None, settings: dict[str, Any], is_kept: bool
) -> None:
    policy = StoreSettings(mode=AutomationMode.FULL_AUTO).model_copy(
        update=StoreSettings.model_validate(settings).model_dump(include=set(settings))
    )
    seen = observed(STORE, (ITEM, 9_900), minutes=10)
    costs = seen.model_copy(update={"items": tuple(one.model_copy(update={"cost": cost}) for one in seen.items)})
    demanded = onboarding.StoreSettingsChanged(
        store_id=STORE, occurred_at=NOW + timedelta(minutes=10), settings_version=2, settings=policy, changed_by="m"
    )
    add(installation, costs, demanded, *second_change(), shown=9_800)
    assert installation.rules() == (set() if is_kept else {"below_cost_floor"})


@pytest.mark.parametrize(
    ("salla", "own", "is_kept"),
    [(7_670, 7_669, True), (7_669, 7_670, False), (None, 7_670, False), (7_670, None, False)],
)
def test_a_cost_of_the_merchants_own_holds_in_place_of_sallas(
    installation: Any, salla: int | None, own: int | None, is_kept: bool
) -> None:
    seen = observed(STORE, (ITEM, 9_900), minutes=10)
    costs = seen.model_copy(update={"items": tuple(one.model_copy(update={"cost": salla}) for one in seen.items)})
    said = onboarding.ItemRulesChanged(
        store_id=STORE,
        occurred_at=NOW + timedelta(minutes=10),
        rules=(ItemRule(product_id=ITEM, cost=own),),
        changed_by="m",
    )
    add(installation, costs, said, *second_change(), shown=9_800)
    assert installation.rules() == (set() if is_kept else {"below_cost_floor"})


def test_a_cost_learned_while_the_write_was_under_way_does_not_count(installation: Any) -> None:
    seen = observed(STORE, (ITEM, 9_900), minutes=60)
    costs = seen.model_copy(update={"items": tuple(one.model_copy(update={"cost": 9_000}) for one in seen.items)})
    add(installation, costs, *second_change(), shown=9_800)
    assert installation.check().ok


def test_a_step_past_the_merchants_own(installation: Any) -> None:
    strict = StoreSettings(mode=AutomationMode.FULL_AUTO, max_step_bp=50)
    demanded = onboarding.StoreSettingsChanged(
        store_id=STORE, occurred_at=NOW + timedelta(minutes=10), settings_version=2, settings=strict, changed_by="m"
    )
    add(installation, demanded, *second_change(), shown=9_800)
    violation(installation, "past_the_step_in_force")


def test_an_approved_step_may_be_longer(installation: Any) -> None:
    strict = StoreSettings(mode=AutomationMode.FULL_AUTO, max_step_bp=50)
    demanded = onboarding.StoreSettingsChanged(
        store_id=STORE, occurred_at=NOW + timedelta(minutes=10), settings_version=2, settings=strict, changed_by="m"
    )
    add(installation, demanded, *second_change(decided_by="merchant:1"), shown=9_800)
    assert installation.check().ok


def test_yesterdays_change_does_not_count_today(installation: Any) -> None:
    later = [
        event.model_copy(update={"occurred_at": event.occurred_at + timedelta(days=1)})
        for event in second_change(changes_per_day=1)
    ]
    add(installation, *later, shown=9_800)
    assert installation.check().ok


@pytest.mark.parametrize(
    ("rule", "merchants_rule"),
    [
        ("write_of_locked_item", ItemRule(product_id=ITEM, locked=True)),
        ("below_merchants_floor", ItemRule(product_id=ITEM, min_price=9_801)),
        ("above_merchants_ceiling", ItemRule(product_id=ITEM, max_price=9_799)),
    ],
)
def test_a_write_against_a_rule_in_force_when_it_began(installation: Any, rule: str, merchants_rule: ItemRule) -> None:
    change = onboarding.ItemRulesChanged(
        store_id=STORE, occurred_at=LATER - timedelta(minutes=1), rules=(merchants_rule,), changed_by="m"
    )
    add(installation, change, *second_change(), shown=9_800)
    violation(installation, rule)


def test_a_rule_that_came_while_the_write_was_under_way_is_no_violation(installation: Any) -> None:
    change = onboarding.ItemRulesChanged(
        store_id=STORE, occurred_at=LATER, rules=(ItemRule(product_id=ITEM, locked=True),), changed_by="m"
    )
    add(installation, change, *second_change(), shown=9_800)
    assert installation.check().ok


def test_a_write_of_a_paused_store(installation: Any) -> None:
    pause = onboarding.StorePaused(
        store_id=STORE, occurred_at=NOW + timedelta(minutes=30), fence=1, reason="r", paused_by="m"
    )
    add(installation, pause, *second_change(), shown=9_800)
    violation(installation, "write_while_stopped")


def test_a_write_during_the_emergency_stop(installation: Any) -> None:
    stop = onboarding.SystemSettingsChanged(
        store_id="system", occurred_at=NOW + timedelta(minutes=30), settings_version=1, system_fence=1, changed_by="o",
        settings=SystemSettings(stopped=True),
    )  # fmt: skip
    add(installation, stop, *second_change(), shown=9_800)
    violation(installation, "write_while_stopped")
