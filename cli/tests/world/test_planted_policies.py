"""``check_world`` on policies: one that decides without being let, and a live one that is passed over."""

from datetime import timedelta
from typing import Any

import pytest
from tests.support.planted import STORE, add, second_change, violation

from thaman_audit.testing import NOW
from thaman_contracts.events import EventData, optimizer
from thaman_contracts.events.policies import PolicyDrafted, PolicyStage, PolicyStaged, PricePolicy

EARLY, LATE = timedelta(minutes=10), timedelta(minutes=60) - timedelta(seconds=3)


def staged(*stages: PolicyStage, at: timedelta = EARLY) -> list[EventData]:
    """The first policy, let through these stages."""
    when: dict[str, Any] = {"store_id": STORE, "occurred_at": NOW + at, "policy_version": 1}
    drafted = PolicyDrafted(**when, policy=PricePolicy(title="t"), drafted_by="key_1")
    return [drafted, *(PolicyStaged(**when, stage=stage, staged_by="key_1") for stage in stages)]


def change(version: int | None) -> list[EventData]:
    """A price written an hour later, decided by that policy."""
    return [
        event.model_copy(update={"policy_version": version}) if isinstance(event, optimizer.PriceProposed) else event
        for event in second_change()
    ]


@pytest.mark.parametrize(
    "stages",
    [(), (PolicyStage.SHADOW,), (PolicyStage.CANARY, PolicyStage.DRAFT), (PolicyStage.LIVE, PolicyStage.RETIRED)],
)
def test_a_policy_that_was_not_let(installation: Any, stages: tuple[PolicyStage, ...]) -> None:
    add(installation, *staged(*stages), *change(1), shown=9_800)
    assert "by policy 1" in violation(installation, "policy_not_let")


@pytest.mark.parametrize("stage", [PolicyStage.LIVE, PolicyStage.CANARY])
def test_a_policy_that_was_let(installation: Any, stage: PolicyStage) -> None:
    add(installation, *staged(stage), *change(1), shown=9_800)
    assert installation.check().ok


def test_a_live_policy_that_was_passed_over(installation: Any) -> None:
    add(installation, *staged(PolicyStage.LIVE), *change(None), shown=9_800)
    assert "policy 1 was live" in violation(installation, "policy_passed_over")


@pytest.mark.parametrize("version", [None, 1])
@pytest.mark.parametrize("stages", [(PolicyStage.LIVE,), (PolicyStage.CANARY, PolicyStage.RETIRED)])
def test_what_changed_while_the_run_began_may_count_or_not(
    installation: Any, stages: tuple[PolicyStage, ...], version: int | None
) -> None:
    add(installation, *staged(*stages, at=LATE), *change(version), shown=9_800)
    assert installation.check().ok
