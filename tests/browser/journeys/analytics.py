"""Part 9: figures that are the owners', and none where there is too little to say."""

from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser.installation import FEED, Installation
from tests.browser.journeys.policies import run_now
from tests.browser.looking import DESK, PHONE
from tests.browser.numbers import amount_in, prices_of, rows_of
from tests.browser.person import Come, Person
from thaman_contracts.money import change_bp
from thaman_kit.language import Language

AT_BP = 100
"""Within one per cent a price is at the market's."""


@pytest.mark.parametrize(("language", "width"), [("ar", PHONE), ("en", DESK)])
def test_too_little_is_told_as_too_little(world: Installation, come: Come, language: Language, width: int) -> None:
    """After a week or less there is no profit and no index, and so no figure, no picture and no table of one."""
    reader = come(language, width).enter(world.asking, "viewer")
    for path in ("/analytics", "/analytics/index"):
        reader.open(path)
        assert reader.sees(reader.says("analytics.not_enough")), path
        assert reader.page.locator("main data, main table, main figure").count() == 0, path


@pytest.mark.parametrize(("language", "width"), [("ar", PHONE), ("en", DESK)])
def test_positions_are_those_of_prices_and_references(
    world: Installation, come: Come, language: Language, width: int
) -> None:
    """Each item by its own two prices, and every sum by the items."""
    reader = come(language, width).enter(world.asking, "viewer")
    reader.open("/analytics/market")
    items = rows_of(reader.page.locator("#items ~ div table"))
    prices, references = prices_of(world, world.asking), _references(world)
    told: Counter[str] = Counter()
    for name, price, reference, _, position in items:
        key = str(name.locator("a").get_attribute("href")).removeprefix("/products/")
        shelf, market = amount_in(price), amount_in(reference)
        assert shelf is not None and shelf == prices[key]["shelf_price"] and market, key
        assert references.get(key, market) == market, key
        apart = change_bp(market, shelf)
        side = "at" if abs(apart) <= AT_BP else "below" if apart < 0 else "above"
        assert position.inner_text() == reader.says(f"position.{side}"), (key, apart)
        told[side] += 1
    assert sum(told.values()) >= len(references) > 0
    for by in ("category", "brand"):
        reader.open(f"/analytics/market?by={by}")
        sums = [[int(cell.inner_text()) for cell in row[1:]] for row in rows_of(reader.page.locator("#groups").locator(
            "xpath=../..").locator("table"))]  # fmt: skip
        assert [sum(column) for column in zip(*sums, strict=True)] == [told[one] for one in ("below", "at", "above")]


def test_what_a_rival_changed_is_told(world: Installation, come: Come) -> None:
    """A fall at the shop, a run that reads it, and one row: in Arabic on a phone, and the same in English at a desk."""
    offer = _other_offer(world)
    reader = come("ar", PHONE).enter(world.asking)
    reader.open("/analytics/rivals")
    assert reader.sees(reader.says("analytics.none_moved"))
    _, _, shop, _, slug = urlsplit(offer["url"]).path.split("/")
    new = offer["price"] * 9 // 10
    changed = world.http.put(f"{world.urls['sandbox']}/_sandbox/shops/{shop}/offers/{slug}", json={"price": new})
    assert changed.status_code == 200
    run_now(reader, world.asking)
    read = [one["price"] for one in world.items("optimizer", f"/stores/{world.asking}/offers")
            if one["url"] == offer["url"]]  # fmt: skip
    for one in (reader, come("en", DESK).enter(world.asking, "viewer")):
        _moved(one, offer["competitor"], change_bp(offer["price"], read[0]))


def _references(world: Installation) -> dict[str, int]:
    """What the newest run took for the market's price of each item that it proposed for."""
    newest = world.items("optimizer", f"/stores/{world.asking}/runs")[0]["run_id"]
    proposals = world.items("optimizer", f"/stores/{world.asking}/proposals", state="pending")
    return {one["item"]: one["document"]["reference"] for one in proposals
            if one["run_id"] == newest and one["document"]["reference"]}  # fmt: skip


def _other_offer(world: Installation) -> dict[str, Any]:
    """A usable offer of a shop whose pages are watched by links."""
    offers = world.items("optimizer", f"/stores/{world.asking}/offers")
    return next(one for one in offers if one["fitness"] == "usable" and f"/{FEED}/" not in one["url"])


def _moved(person: Person, competitor: str, fall_bp: int) -> None:
    row = person.page.locator("main tbody tr").filter(has_text=competitor)
    person.comes_to_see(lambda: row.count() == 1, "/analytics/rivals", "the rival's change")
    items, rises, falls, median, _ = row.locator("td").all()
    assert [one.inner_text() for one in (items, rises, falls)] == ["1", "0", "1"]
    assert median.inner_text() == person.speech.change(10_000, 10_000 + fall_bp).striptags()
