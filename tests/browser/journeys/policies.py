"""Part 6: a policy from its form to the whole store."""

from typing import Any

from playwright.sync_api import Locator

from tests.browser.installation import Installation
from tests.browser.looking import DESK, PHONE
from tests.browser.numbers import amounts_of
from tests.browser.person import Come, Person
from thaman_kit.testing import wait_until

TITLE = "Above the market"


def test_a_policy_goes_from_a_draft_to_the_whole_store(world: Installation, come: Come) -> None:
    """Drafted and watched in shadow in Arabic on a phone, let out in English at a desk; then a run decides by it."""
    owner = come("ar", PHONE).enter(world.asking)
    version = _draft(owner)
    _to(owner, version, "shadow")
    run_now(owner, world.asking)
    _shadow_is_shown(owner, version)
    _what_if_is_shown(owner, version)

    owner = come("en", DESK).enter(world.asking)
    owner.open(f"/policies/{version}")
    share = _step(owner, "canary").locator('input[name="share"]')
    share.fill("150")
    owner.press("policies.to.canary")
    assert share.get_attribute("aria-invalid") == "true", "a share of more than everything is none"
    assert _told(world, version)["stage"] == "shadow"
    share.fill("٢٥")
    owner.press("policies.to.canary")
    assert (_told(world, version)["stage"], _told(world, version)["share_bp"]) == ("canary", 2_500)
    _to(owner, version, "live")
    run_id = run_now(owner, world.asking)
    _decided_by(owner, run_id, version)


def run_now(owner: Person, store: str) -> str:
    """Ask for a run by its button; the run that came of it, when it is through."""
    world, path = owner.world, f"/stores/{store}/runs"
    before = {one["run_id"] for one in world.items("optimizer", path)}
    owner.open("/runs")
    owner.press("run.now")
    owner.page.get_by_role("status").first.wait_for()

    def new() -> list[str]:
        runs = world.items("optimizer", path)
        return [one["run_id"] for one in runs if one["run_id"] not in before and one["state"] == "completed"]

    wait_until(lambda: bool(new()), what="the run")
    return new()[0]


def _draft(owner: Person) -> int:
    """Write one down, after a mistake and with one more row."""
    owner.open("/policies/new")
    page = owner.page
    owner.press("policies.write")
    assert page.locator("#f-title").get_attribute("aria-invalid") == "true", "a policy has a name"
    owner.press("policies.more_strategies")
    page.locator("#f-title").fill(TITLE)
    page.locator("#f-strategy").select_option("premium")
    page.locator("#f-offset_bp").fill("٣٫٥")
    assert page.locator('select[name="s1.kind"]').count() == 1, "one more row"
    owner.press("policies.write")
    version = int(page.url.rpartition("/")[2])
    told = _told(owner.world, version)
    assert (told["stage"], told["title"]) == ("draft", TITLE)
    assert (told["policy"]["strategy"], told["policy"]["offset_bp"]) == ("premium", 350)
    return version


def _told(world: Installation, version: int) -> dict[str, Any]:
    found: dict[str, Any] = world.get("optimizer", f"/stores/{world.asking}/policies/{version}")
    return found


def _step(owner: Person, stage: str) -> Locator:
    return owner.page.locator("form").filter(has=owner.page.locator(f'input[name="stage"][value="{stage}"]'))


def _to(owner: Person, version: int, stage: str) -> None:
    owner.press(f"policies.to.{stage}", _step(owner, stage))
    owner.page.get_by_role("status").first.wait_for()
    assert _told(owner.world, version)["stage"] == stage


def _shadow_is_shown(owner: Person, version: int) -> None:
    """The picture's table has every item, and the figures are the optimizer's."""
    path = f"/policies/{version}/shadow"
    owner.comes_to_see(lambda: owner.page.locator("#figures").count() == 1, path, "what it did in shadow")
    told = owner.world.get("optimizer", f"/stores/{owner.world.asking}{path}", limit=100)
    totals = told["totals"]
    assert totals["compared"] > 0 and totals["different"] > 0, "a picture of nothing proves nothing"
    said = owner.page.locator(".tiles").inner_text()
    for name, key in (
        ("compared", "compared"),
        ("different", "different"),
        ("ask", "would_ask"),
        ("hold", "would_hold"),
    ):
        tile = owner.page.locator(".tiles li").filter(has_text=owner.says(f"policies.{key}")).first
        assert tile.locator("strong").inner_text().strip() == str(totals[name]), (name, said)
    assert _pictured(owner) == totals["compared"]
    shown = amounts_of(owner.page.locator("main").inner_html())
    different = [one for one in told["items"] if one["live_price"] != one["shadow_price"]]
    assert {one["shadow_price"] for one in different if one["shadow_price"]} <= shown


def _what_if_is_shown(owner: Person, version: int) -> None:
    """On the store as it stands, with its picture, and on its runs; nothing is written by looking."""
    world = owner.world
    before = world.salla_prices(world.asking)
    owner.open(f"/policies/{version}")
    owner.ask("policies.try_now")
    told = _what_if(world, version, "now")
    assert owner.sees(owner.says("policies.differ_in", n=told["different"]))
    assert _pictured(owner) == told["live"]["items"]
    assert {told["live"]["expected"], told["policy"]["expected"]} <= amounts_of(owner.page.locator("main").inner_html())
    owner.open(f"/policies/{version}")
    owner.page.locator('select[name="days"]').select_option("7")
    owner.ask("policies.try_history")
    told = _what_if(world, version, "history")
    assert len(told["runs"]) >= 2
    assert owner.page.locator("#runs ~ div tbody tr").count() == len(told["runs"])
    assert owner.page.locator("svg.bars rect").count() <= len(told["runs"])
    assert world.salla_prices(world.asking) == before


def _what_if(world: Installation, version: int, over: str) -> dict[str, Any]:
    path = f"/stores/{world.asking}/policies/{version}/what-if"
    answer = world.http.post(f"{world.urls['optimizer']}{path}", json={"over": over, "days": 7})
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def _pictured(owner: Person) -> int:
    """How many items the picture's own table counts."""
    picture = owner.page.locator("figure.picture")
    assert picture.locator("svg.bars").bounding_box() is not None
    return sum(int(one) for one in picture.locator("tbody td").all_inner_texts())


def _decided_by(owner: Person, run_id: str, version: int) -> None:
    """The run's proposals carry the policy's version, on the record and on their pages."""
    world = owner.world
    proposals = world.items("optimizer", f"/stores/{world.asking}/proposals", state="pending")
    made = [one for one in proposals if one["run_id"] == run_id]
    assert made and {one["document"]["policy_version"] for one in made} == {version}
    said = owner.says("policies.version", version=version)
    page = f"/approvals/{made[0]['proposal_id']}"
    owner.comes_to_see(lambda: owner.page.get_by_role("link", name=said).count() == 1, page, "the policy's version")
