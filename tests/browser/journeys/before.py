"""Parts 3 and 8: what many answers, or other settings, would do is shown before it is done."""

from typing import Any

import pytest

from tests.browser.installation import Installation
from tests.browser.looking import DESK, PHONE
from tests.browser.numbers import amounts_of
from tests.browser.person import Come
from thaman_kit.language import Language

NEARLY_ALL_BP = 9_000


@pytest.mark.parametrize(("language", "width"), [("ar", PHONE), ("en", DESK)])
def test_many_answers_are_added_up_before_they_are_given(
    world: Installation, come: Come, language: Language, width: int
) -> None:
    """The sums are those of the proposals that were ticked, with the range in its widest case; nobody is told yet."""
    approver = come(language, width).enter(world.asking, "approver")
    chosen = [one for one in _waiting(world) if one["document"]["interval80_low"] is not None][:3]
    assert len(chosen) > 1, "one is no sum"
    approver.open("/approvals")
    for one in chosen:
        approver.page.locator(f'input[name="chosen"][value="{one["proposal_id"]}"]').check()
    approver.submit(approver.page.locator('button[formaction="/approvals/preview"][name="approve"][value="chosen"]'))
    sums = {sum(one["document"][name] for one in chosen)
            for name in ("expected_weekly_profit_change", "interval80_low", "interval80_high")}  # fmt: skip
    assert sums <= amounts_of(approver.page.locator("dl.facts").inner_html())
    assert approver.sees(approver.says("answering.preview_widest"))
    assert approver.page.locator("#which ~ div tbody tr").count() == len(chosen)
    approver.follow("answering.preview_back")
    states = {one["proposal_id"]: one["state"] for one in _waiting(world)}
    assert all(states[one["proposal_id"]] == "pending" for one in chosen)


@pytest.mark.parametrize(("language", "width"), [("ar", PHONE), ("en", DESK)])
def test_settings_are_tried_on_every_price_before_they_are_saved(
    world: Installation, come: Come, language: Language, width: int
) -> None:
    """A margin that hardly any price has: as many floors rise as the optimizer says, and nothing is saved."""
    owner = come(language, width).enter(world.asking)
    before = world.get("onboarding", f"/stores/{world.asking}/settings")
    owner.open("/settings")
    owner.page.locator('main form[action="/settings"] input[name="margin"]').fill("٩٠")
    owner.ask("settings.preview")
    assert owner.page.locator('main form[action="/settings"] input[name="margin"]').input_value() == "٩٠"
    told = _effect(world, min_margin_bp=NEARLY_ALL_BP)
    assert told["then"]["below_floor"] > told["now"]["below_floor"]
    table = owner.page.locator("section.effect table").first
    shown = [[int(cell) for cell in row.locator("td").all_inner_texts()] for row in table.locator("tbody tr").all()]
    names = ("limited", "unlimited", "below_floor", "above_ceiling")
    assert shown == [[told[side][name] for side in ("now", "then")] for name in names]
    examples = amounts_of(owner.page.locator("section.effect").inner_html())
    assert {one["floor_then"] for one in told["examples"] if one["floor_then"]} <= examples
    assert world.get("onboarding", f"/stores/{world.asking}/settings") == before


def _waiting(world: Installation) -> list[dict[str, Any]]:
    proposals = world.items("optimizer", f"/stores/{world.asking}/proposals", state="pending")
    return [one for one in proposals if one["disposition"] == "ask"]


def _effect(world: Installation, **changes: int) -> dict[str, Any]:
    url = f"{world.urls['optimizer']}/stores/{world.asking}/settings/preview"
    answer = world.http.post(url, json={"changes": changes})
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
