"""Part 4: a product is found among many, and is given a mode of its own."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator

from tests.browser.installation import Installation
from tests.browser.looking import DESK, PHONE
from tests.browser.numbers import prices_of, rules_of
from tests.browser.person import Come, Person
from thaman_kit.language import Language


@pytest.mark.parametrize(("language", "width"), [("ar", PHONE), ("en", DESK)])
def test_products_are_searched_filtered_and_put_in_order(
    world: Installation, come: Come, language: Language, width: int
) -> None:
    """What the list shows are the owner's prices; each of two opposite filters has the rest of the other."""
    owner = come(language, width).enter(world.asking)
    prices = prices_of(world, world.asking)
    owner.open("/products")
    assert set(_listed(owner)) == set(prices)

    named = owner.page.locator("table.wares tbody tr").filter(has=owner.page.locator(".sku")).last
    sku, key = named.locator(".sku").inner_text(), _key(named.locator("th a"))
    _filter(owner, search=sku.lower())
    assert key in _listed(owner)
    assert all(sku in one for one in owner.page.locator("table.wares tbody th").all_inner_texts())

    _filter(owner, search="", cost="yes")
    known = set(_listed(owner))
    assert parse_qs(urlsplit(owner.page.url).query)["cost"] == ["yes"]
    _filter(owner, cost="no")
    unknown = set(_listed(owner))
    assert (known | unknown, known & unknown) == (set(prices), set())

    _filter(owner, cost="", order="price_desc")
    amounts = [prices[one]["shelf_price"] for one in _listed(owner)]
    assert amounts == sorted(amounts, reverse=True) and len(amounts) == len(prices)
    _filter(owner, search="no such thing")
    assert owner.sees(owner.says("products.none"))


def test_a_product_is_locked_and_given_a_mode_of_its_own(world: Installation, come: Come) -> None:
    """In Arabic on a phone; the list finds it by its lock, and onboarding has the rule."""
    owner = come("ar", PHONE).enter(world.writing)
    owner.open("/products")
    key = _listed(owner)[-1]
    owner.open(f"/products/{key}")
    _say(owner, mode="manual", locked=True)
    assert (_rule(world, key)["mode"], _rule(world, key)["locked"]) == ("manual", True)
    assert owner.sees(owner.speech.word("mode", "manual"))
    owner.comes_to_see(lambda: _listed(owner) == [key], "/products?locked=yes", "the list of locked products")
    owner.open(f"/products/{key}")
    _say(owner, mode="", locked=False)
    assert (_rule(world, key)["mode"], _rule(world, key)["locked"]) == (None, False)


def _listed(person: Person) -> list[str]:
    """The items of the list, in its order."""
    return [_key(link) for link in person.page.locator("table.wares tbody th a").all()]


def _key(link: Locator) -> str:
    return str(link.get_attribute("href")).removeprefix("/products/")


def _filter(person: Person, **chosen: str) -> None:
    form = person.page.locator('form[action="/products"]')
    for name, value in chosen.items():
        field = form.locator(f'[name="{name}"]')
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    person.press("filter.apply", form)


def _say(person: Person, *, mode: str, locked: bool) -> None:
    form = person.page.locator("form").filter(has=person.page.locator('select[name="mode"]'))
    form.locator('select[name="mode"]').select_option(mode)
    form.locator('input[name="locked"]').set_checked(locked)
    person.submit(form.locator("button").last)


def _rule(world: Installation, key: str) -> dict[str, Any]:
    """What the merchant said of the item, as far as they said anything."""
    return {"mode": None, "locked": False} | rules_of(world, world.writing).get(key, {})
