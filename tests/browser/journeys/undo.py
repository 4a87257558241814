"""Part 7: prices put back, one from its product's page and all to a time; Salla has the old ones again."""

from datetime import datetime, timedelta
from typing import Any

from tests.browser.installation import Installation
from tests.browser.looking import DESK, PHONE
from tests.browser.numbers import amounts_of, in_ledger
from tests.browser.person import Come, Person
from thaman_dashboard.pages.amounts import RIYADH
from thaman_kit.testing import wait_until


def test_one_price_is_put_back_from_its_products_page(world: Installation, come: Come) -> None:
    """In English at a desk: what it would do is shown first, and is what then happens at Salla."""
    decision = _changed(world)[0]
    key, old, new = decision["item"], *_prices(decision)
    owner = come("en", DESK).enter(world.writing)
    owner.open(f"/products/{key}")
    owner.submit(owner.page.locator("#decisions ~ div").get_by_role("button").first)
    shown = amounts_of(owner.page.locator("p.step").inner_html())
    assert in_ledger(world, world.writing, key)["shelf_price"] in shown
    assert world.salla_prices(world.writing)[key]["base"] == new, "looking puts nothing back"
    owner.press("products.undo.yes")
    owner.page.get_by_role("status").first.wait_for()
    _stands_again(world, {key: old})
    page, mark = f"/products/{key}", owner.says("products.mark.undo")
    owner.comes_to_see(lambda: mark in plain_of(owner), page, "the page says that it was taken back")


def test_all_prices_are_put_back_to_a_time(world: Installation, come: Come) -> None:
    """In Arabic on a phone, from the audit's page: item by item what would be restored, then that."""
    decisions = _changed(world)
    assert len(decisions) > 1, "one price is another journey"
    earliest = min(datetime.fromisoformat(one["decided_at"]) for one in decisions)
    then = earliest.astimezone(RIYADH).replace(second=0, microsecond=0) - timedelta(minutes=1)
    owner = come("ar", PHONE).enter(world.writing)
    owner.open("/audit")
    owner.submit(owner.page.locator("nav.rooms").get_by_role("link", name=owner.says("audit.room_undo")))
    owner.page.locator('input[name="at"]').fill(f"{then:%Y-%m-%dT%H:%M}")
    owner.press("audit.undo_look", owner.page.locator('form:has(input[value="as_of"])'))
    wanted = {one["item"]: _prices(one)[0] for one in decisions}
    rows = owner.page.locator("#plan ~ div").first.locator("tbody tr")
    assert rows.count() == len(wanted)
    linked = {str(one.get_attribute("href")) for one in rows.locator("th a").all()}
    assert linked == {f"/products/{key}" for key in wanted}
    owner.submit(owner.page.locator('form[action="/undo"][method="post"] button'))
    undo = owner.page.url.removeprefix(world.url)
    _stands_again(world, wanted)
    whole = owner.says("audit.undo_progress", done=len(wanted), of=len(wanted))
    owner.comes_to_see(lambda: owner.sees(whole), undo, "all of it is told as done")


def plain_of(owner: Person) -> str:
    """All that the page has, also what is folded."""
    return owner.page.locator("main").text_content() or ""


def _prices(decision: dict[str, Any]) -> tuple[int, int]:
    """What Salla sold for before it and since, in the store's VAT basis."""
    return decision["document"]["expected_base_price"], decision["document"]["base_price"]


def _changed(world: Installation) -> list[dict[str, Any]]:
    """What Thaman decided, and what stands at Salla until now."""
    decisions = world.items("optimizer", f"/stores/{world.writing}/decisions", state="applied")
    salla = world.salla_prices(world.writing)
    return [one for one in decisions if salla[one["item"]]["base"] == _prices(one)[1] != _prices(one)[0]
            and one["document"]["reverts_decision_id"] is None]  # fmt: skip


def _stands_again(world: Installation, wanted: dict[str, int]) -> None:
    """At Salla and in the ledger."""

    def look() -> bool:
        salla = world.salla_prices(world.writing)
        return all(salla[key]["base"] == price for key, price in wanted.items()) and all(
            in_ledger(world, world.writing, key)["base_price"] == price for key, price in wanted.items()
        )

    wait_until(look, what="the old prices at Salla")
