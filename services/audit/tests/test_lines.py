"""Every published event has a sentence in both languages."""

import re

import pytest

from thaman_audit.domain.lines import _LINES, QUIET, line_of
from thaman_audit.testing_events import authorized, observed, price_change
from thaman_contracts.events import REGISTRY, EventData
from thaman_contracts.events.advice import AssessmentOutcome, AssessmentReason, MarketAssessed
from thaman_contracts.events.policies import PolicyDrafted, PolicyStage, PolicyStaged
from thaman_contracts.examples import example_of

ARABIC = re.compile(r"[\u0600-\u06ff]")
UNSAID = set(QUIET)


@pytest.mark.parametrize(
    "model", [m for m in REGISTRY.values() if m.event_name() not in UNSAID], ids=lambda m: m.__name__
)
def test_every_event_that_is_shown_has_a_sentence(model: type[EventData]) -> None:
    assert model in _LINES


@pytest.mark.parametrize(
    "event",
    [
        authorized("77"),
        observed("77", ("1", 995)),
        *price_change("77", "1", 10_000, 9_950),
        example_of(PolicyDrafted),
        example_of(PolicyStaged),
        example_of(MarketAssessed).model_copy(update={"summary_ar": "سوق هادئة."}),
    ],
    ids=lambda e: e.event_name(),
)
def test_sentences_read_well(event: EventData) -> None:
    line = line_of(event)
    assert ARABIC.search(line.ar) and not ARABIC.search(line.en.replace("متجر", ""))
    assert "{" not in line.ar + line.en
    if event.event_name() == "PriceApplied":
        assert line.en == "The price of 1 is now 99.50 SAR, read back"


def test_a_canary_says_its_share_and_other_stages_have_none() -> None:
    canary = example_of(PolicyStaged).model_copy(
        update={"policy_version": 4, "stage": PolicyStage.CANARY, "share_bp": 1_050, "staged_by": "key_1"}
    )
    assert line_of(canary).en == "key_1 staged pricing policy 4 to canary (10.50 %)"
    live = canary.model_copy(update={"stage": PolicyStage.LIVE, "share_bp": None})
    assert line_of(live).en == "key_1 staged pricing policy 4 to live"


def test_advice_is_summed_up_and_its_absence_says_why() -> None:
    given = example_of(MarketAssessed).model_copy(update={"items_shown": 7, "summary_en": "A calm market."})
    assert line_of(given).en == "Agents looked at 7 items and advised on 1. A calm market."
    missing = {"outcome": AssessmentOutcome.FAILED, "reason": AssessmentReason.TIMEOUT}
    assert line_of(given.model_copy(update=missing)).en == "No advice from the agents (timeout)"
