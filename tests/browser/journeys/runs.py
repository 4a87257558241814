"""Part 5: a run as it goes on, why prices stayed, and what was handed over."""

import json
from pathlib import Path
from typing import Any

from tests.browser.installation import Installation
from tests.browser.journeys.policies import run_now
from tests.browser.looking import DESK, PHONE
from tests.browser.person import Come, Person

LIVE_MS = 30_000
NEVER_LOADED_ANEW = "window.stillThisPage === true"


def test_a_run_is_followed_without_loading_the_page_again(world: Installation, come: Come, tmp_path: Path) -> None:
    """One waits in Arabic on a phone, the other asks in English at a desk; the first one hears of the run."""
    waiting = come("ar", PHONE).enter(world.writing)
    waiting.open("/runs")
    waiting.page.evaluate("window.stillThisPage = true")
    rows = waiting.page.locator("#live-runs tbody tr")
    before = rows.count()
    run = _run(world, run_now(come("en", DESK).enter(world.writing), world.writing))
    rows.nth(before).wait_for(timeout=LIVE_MS)
    newest = rows.first
    newest.locator(".run-completed").wait_for(timeout=LIVE_MS)
    assert waiting.page.evaluate(NEVER_LOADED_ANEW)
    assert newest.locator("a").get_attribute("href") == f"/runs/{run['run_id']}"
    waiting.look()

    waiting.submit(newest.locator("a"))
    numbers = waiting.page.locator("#numbers ~ dl div")
    shown = {one.locator("dt").inner_text(): one.locator("dd").inner_text() for one in numbers.all()}
    for name in ("analysed", "updated", "asked", "held", "skipped", "competitors", "offers_usable"):
        assert shown[waiting.says(f"runs.{name}")] == str(run["statistics"][name]), name
    _handed_over(waiting, run, tmp_path)
    _reasons_are_told(waiting, run)


def _run(world: Installation, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = world.get("optimizer", f"/stores/{world.writing}/runs/{run_id}")
    return found


def _handed_over(person: Person, run: dict[str, Any], folder: Path) -> None:
    """The file of the page's link says what the optimizer's record says."""
    link = person.page.get_by_role("link", name=person.says("running.hand_over"), exact=True)
    told = json.loads(person.download(link, folder).read_text(encoding="utf-8"))
    assert told["run"]["run_id"] == run["run_id"]
    assert (told["analyst"]["held"], told["executor"]["statistics"]) == (run["hold_reasons"], run["statistics"])


def _reasons_are_told(person: Person, run: dict[str, Any]) -> None:
    """As many items behind the reasons as the run held, and behind a reason's link those that it means, in words."""
    rows = person.page.locator("#held ~ table tbody tr")
    counts = [int(one) for one in rows.locator("td:last-child").all_inner_texts()]
    assert sorted(counts) == sorted(run["hold_reasons"].values())
    assert sum(counts) == run["statistics"]["held"] > 0
    person.submit(rows.first.locator("a"))
    held = person.page.locator("main table tbody tr")
    assert held.count() == counts[0]
    assert all(held.locator("td:last-child").all_inner_texts())
