"""Part 4: listings that may be own products, and rivals' pages that are watched."""

from typing import Any

from tests.browser.installation import FEED, Installation
from tests.browser.journeys.policies import run_now
from tests.browser.looking import DESK, PHONE
from tests.browser.numbers import amounts_of, key_of
from tests.browser.person import Come, Person

NEVER_READ = "https://shop.example/no such page"


def test_listings_of_a_feed_are_confirmed_and_rejected(world: Installation, come: Come) -> None:
    """A yes in Arabic on a phone and a no in English at a desk, each beside both titles; the optimizer has them."""
    for owner, deed, state in ((come("ar", PHONE), "confirm", "confirmed"), (come("en", DESK), "reject", "rejected")):
        match = next(one for one in _matches(world) if one["state"] == "found" and one["kind"] == "similar")
        owner.enter(world.asking)
        owner.open("/products")
        owner.follow("products.matches.title")
        shown = owner.page.locator(f'ul.queue > li:has(button[value="{match["match_id"]}"])')
        said = shown.inner_text()
        assert match["title"] in said and match["name"] in said, "both titles"
        assert match[f"why_{owner.language}"] in said
        owner.submit(shown.locator(f'button[name="{deed}"]'))
        owner.page.get_by_role("status").first.wait_for()
        assert shown.count() == 0, "it waits no longer"
        [now] = [one for one in _matches(world) if one["match_id"] == match["match_id"]]
        assert now["state"] == state and now["answered_by"]


def test_a_rivals_page_is_watched_read_and_left(world: Installation, come: Come) -> None:
    """In Arabic on a phone: an address that is none, then one; the next run reads it; then it is watched no more."""
    match = next(one for one in _matches(world) if one["kind"] == "exact")
    key = key_of(match)
    owner = come("ar", PHONE).enter(world.asking)
    owner.open(f"/products/{key}")
    owner.follow("products.links.title")
    before = _watched(world, key)
    _add(owner, NEVER_READ)
    assert owner.page.locator("#e-link").count() == 1 and _watched(world, key) == before
    _add(owner, match["url"])
    owner.page.get_by_role("status").first.wait_for()
    assert _watched(world, key) == before | {match["url"]}
    run_now(owner, world.asking)

    row = owner.page.locator("main tr").filter(has_text=match["url"]).first
    counts = owner.says("products.use.counts")
    path = f"/products/{key}/links"
    owner.comes_to_see(lambda: row.count() == 1 and counts in row.inner_text(), path, "the page's price counts")
    [offer] = [one for one in world.items("optimizer", f"/stores/{world.asking}/offers")
               if (one["item"], one["url"]) == (key, match["url"])]  # fmt: skip
    assert offer["price"] in amounts_of(row.inner_html())
    owner.submit(row.get_by_role("button"))
    assert _watched(world, key) == before


def _matches(world: Installation) -> list[dict[str, Any]]:
    return world.items("optimizer", f"/stores/{world.asking}/matches")


def _watched(world: Installation, key: str) -> set[str]:
    links = world.items("optimizer", f"/stores/{world.asking}/competitor-links")
    return {link["url"] for one in links if key_of(one) == key for link in one["links"]}


def _add(owner: Person, url: str) -> None:
    form = owner.page.locator('form[action$="/links"]')
    form.locator('input[name="competitor"]').fill(FEED)
    form.locator('input[name="url"]').fill(url)
    owner.press("products.links.save", form)
