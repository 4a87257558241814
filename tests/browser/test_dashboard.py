"""The dashboard in Chromium, on everything real: services, local Salla, ledger.

All of it is in one file because the installation and the browser are started once, and their event loop has to end
before other tests of the process begin. What a merchant goes through, part by part, is written in ``journeys``.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import chromium
from tests.browser.crawling import Crawl
from tests.browser.installation import Installation
from tests.browser.journeys import (
    advised,
    analytics,
    audit,
    before,
    entry,
    installed,
    people,
    policies,
    rivals,
    runs,
    sheets,
    standing,
    undo,
    wares,
)
from tests.browser.looking import (
    DESK,
    HEIGHT,
    PHONE,
    ZOOMED,
    Watched,
    barriers,
    direction,
    foreign_words,
    overflow,
)
from tests.browser.numbers import Reader, amounts_of, in_ledger, overview_of, prices_of, rules_of
from tests.browser.person import LOCALES
from thaman_dashboard.pages.amounts import plain
from thaman_dashboard.pages.texts import TEXTS
from thaman_kit.testing import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build/screenshots"
PICTURES = "THAMAN_PICTURES"
"""Where this is set, the README's pictures are made there."""

SEEN_WITHIN = 60.0

Visit = Callable[..., Page]

JOURNEYS = (
    analytics, rivals, before, policies, wares, sheets, undo, runs, advised, audit, standing, people, entry, installed,
)  # fmt: skip
"""In this order, and before the rest, so that every page is looked at with all that they left there."""

for _journey in JOURNEYS:
    _found = {name: test for name, test in vars(_journey).items() if name.startswith("test_")}
    assert not _found.keys() & globals().keys(), "two journeys of one name"
    globals().update(_found)


@pytest.fixture
def visit(browser: Browser, world: Installation) -> Iterator[Visit]:
    """Signs a person in by a one-time link; gives the page that they come to."""
    yield partial(_visit, browser, world)
    for context in browser.contexts:
        context.close()


def _visit(
    browser: Browser, world: Installation, store: str, language: str, width: int, *, role: str = "owner",
    script: bool = True,
) -> Page:  # fmt: skip
    context = browser.new_context(
        locale=LOCALES[language],
        timezone_id="Asia/Riyadh",
        viewport={"width": width, "height": HEIGHT},
        java_script_enabled=script,
    )
    page = context.new_page()
    page.goto(world.link(store, role))
    page.get_by_role("button", name=TEXTS[language]["sign_in.enter"], exact=True).click()
    page.wait_for_url(f"{world.url}/")
    return page


def _waiting(world: Installation) -> list[dict[str, Any]]:
    """What waits for an answer, as the optimizer knows it."""
    proposals = world.items("optimizer", f"/stores/{world.asking}/proposals", state="pending")
    return [one for one in proposals if one["disposition"] == "ask"]


def _is_written(world: Installation, proposal: dict[str, Any]) -> bool:
    """Whether Salla sells at the proposed price, and the optimizer and the ledger know."""
    path, key, price = f"/stores/{world.asking}", proposal["item"], proposal["document"]["new_base_price"]
    if world.salla_prices(world.asking)[key]["base"] != price:
        return False
    decisions = world.items("optimizer", f"{path}/decisions", item=key, state="applied")
    return bool(decisions) and in_ledger(world, world.asking, key)["base_price"] == price


def test_prices_are_approved_on_a_phone_and_by_keyboard_at_a_desk(world: Installation, visit: Visit) -> None:
    """One in Arabic by touch, one in English without a mouse; both are written at Salla."""
    by_touch, by_keys = _waiting(world)[:2]
    before = world.salla_prices(world.asking)
    page = visit(world.asking, "ar", PHONE)
    page.goto(f"{world.url}/approvals")
    shown = page.locator(f"#p-{by_touch['proposal_id']}")
    amounts = amounts_of(shown.inner_html())
    assert {by_touch["document"][name] for name in ("old_shelf_price", "new_shelf_price")} <= amounts
    shown.locator(f'button[name="approve"][value="{by_touch["proposal_id"]}"]').click()
    page.get_by_role("status").first.wait_for()

    page = visit(world.asking, "en", DESK)
    page.goto(f"{world.url}/approvals")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main", "the first stop skips the menu"
    _press_by_keyboard(page, f'button[name="approve"][value="{by_keys["proposal_id"]}"]')
    page.get_by_role("status").first.wait_for()

    for proposal in (by_touch, by_keys):
        wait_until(lambda: _is_written(world, proposal), SEEN_WITHIN, "the price is at Salla")  # noqa: B023
        assert before[proposal["item"]]["base"] == proposal["document"]["old_base_price"]


def _press_by_keyboard(page: Page, selector: str) -> None:
    """Tab to something, which has to show that it is there, and press Enter."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            break
    focus = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert page.locator(selector).evaluate("one => one === document.activeElement"), f"no key leads to {selector}"
    assert focus != "none", "nobody sees where the focus is"
    page.keyboard.press("Enter")
    page.wait_for_load_state()


def test_writing_is_stopped_and_goes_on(world: Installation, visit: Visit) -> None:
    """By its button on the first page; onboarding itself knows."""

    def is_stopped() -> bool:
        return bool(world.get("onboarding", f"/stores/{world.writing}")["paused"])

    page = visit(world.writing, "ar", PHONE)
    page.locator("details.halt summary").click()
    page.locator('form[action="/pause"] button').first.click()
    page.get_by_role("status").first.wait_for()
    wait_until(is_stopped, SEEN_WITHIN, "the stop")
    wait_until(lambda: page.goto(f"{world.url}/") and page.locator('form[action="/resume"]').count() == 1, 10)
    page.locator('form[action="/resume"] button').click()
    wait_until(lambda: not is_stopped(), SEEN_WITHIN, "the end of the stop")


def test_settings_and_a_products_limits_are_changed(world: Installation, visit: Visit) -> None:
    """As typed, with Arabic digits; onboarding has them to the halala."""
    page = visit(world.writing, "ar", DESK)
    page.goto(f"{world.url}/settings")
    form = page.locator('main form[action="/settings"]')
    form.locator('input[name="margin"]').fill("١٢٫٥")
    form.get_by_role("button", name=TEXTS["ar"]["settings.save"], exact=True).click()
    settings = world.get("onboarding", f"/stores/{world.writing}/settings")["settings"]
    assert settings["min_margin_bp"] == 1_250

    key = next(iter(prices_of(world, world.writing)))
    page.goto(f"{world.url}/products/{key}")
    form = page.locator("form").filter(has=page.locator('input[name="highest"]'))
    form.locator('input[name="lowest"]').fill("10.05")
    form.locator('input[name="highest"]').fill("١٬٢٣٤٬٥٦٧٫٨٩")
    form.get_by_role("button").last.click()
    rule = rules_of(world, world.writing)[key]
    assert (rule["min_price"], rule["max_price"]) == (1_005, 123_456_789)


def test_a_viewer_reads_and_an_approver_answers_but_changes_no_setting(world: Installation, visit: Visit) -> None:
    for role, answers in (("viewer", 0), ("approver", 1)):
        page = visit(world.asking, "en", DESK, role=role)
        page.goto(f"{world.url}/approvals")
        assert (page.locator('button[name="approve"]').count() > 0) == bool(answers), role
        page.goto(f"{world.url}/settings")
        assert page.locator('form[action="/settings"]').count() == 0, role


def test_without_script_pages_read_and_a_form_works(world: Installation, visit: Visit) -> None:
    page = visit(world.asking, "ar", PHONE, script=False)
    for path in ("/approvals", "/products", "/runs", "/activity", "/settings"):
        answer = page.goto(f"{world.url}{path}")
        assert answer is not None and answer.status == 200
        assert page.locator("main h1").count() == 1, path
    proposal = _waiting(world)[-1]
    page.goto(f"{world.url}/approvals/{proposal['proposal_id']}")
    page.locator(f'button[name="reject"][value="{proposal["proposal_id"]}"]').first.click()

    def is_rejected() -> bool:
        path = f"/stores/{world.asking}/proposals/{proposal['proposal_id']}"
        return str(world.get("optimizer", path)["state"]) == "rejected"

    wait_until(is_rejected, SEEN_WITHIN, "the rejection")
    page.goto(f"{world.url}/audit")
    page.locator('form[action="/audit/verify"] button').click()

    def holds() -> bool:
        again = page.locator("#look-again")
        if again.count():
            again.click()
        return TEXTS["ar"]["audit.verify_holds"] in page.locator("main").inner_text()

    wait_until(holds, SEEN_WITHIN, "the answer, by looking again")


def test_numbers_are_those_of_the_owners_and_of_the_ledger(world: Installation) -> None:
    """To the halala, for every product of both stores."""
    for store in world.stores:
        reader = Reader(world, store)
        try:
            wait_until(lambda: _overview_agrees(reader), SEEN_WITHIN, "the overview's counts")  # noqa: B023
            _check_products(reader)
            _check_queue(reader)
        finally:
            reader.close()


def _overview_agrees(reader: Reader) -> bool:
    said = reader.text("/")
    texts = TEXTS["en"]
    wanted = overview_of(reader.world, reader.store)
    return all(f"{count} {texts[f'figures.{name}']}" in said for name, count in wanted.items())


def _check_products(reader: Reader) -> None:
    world, store = reader.world, reader.store
    rules, salla = rules_of(world, store), world.salla_prices(store)
    prices = {key: one for key, one in prices_of(world, store).items() if key in salla}
    assert len(prices) >= 8
    for key, known in prices.items():
        page = reader.html(f"/products/{key}")
        ledger, rule = in_ledger(world, store, key), rules.get(key, {})
        assert ledger["base_price"] == known["base_price"] == salla[key]["base"], key
        assert ledger["shelf_price"] in amounts_of(page), key
        for limit in filter(None, (rule.get("min_price"), rule.get("max_price"))):
            assert limit in amounts_of(page) or f'value="{plain(limit)}"' in page, (key, limit)


def _check_queue(reader: Reader) -> None:
    path = f"/stores/{reader.store}/proposals"
    for one in reader.world.items("optimizer", path, state="pending"):
        page = amounts_of(reader.html(f"/approvals/{one['proposal_id']}"))
        names = ("old_shelf_price", "new_shelf_price", "floor", "ceiling", "old_base_price", "new_base_price")
        assert {one["document"][name] for name in names} <= page, one["item"]


def test_every_page_is_fit(world: Installation) -> None:
    """Every kind of page that links lead to, at each width, in both languages side by side; with pictures."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor() as both:
        seen = list(both.map(partial(_crawl, world), LOCALES))
    wrong = [f"{language} {line}" for language, (_, found) in zip(LOCALES, seen, strict=True) for line in found]
    assert wrong == [], "\n".join(["", *wrong])
    kinds = [kinds for kinds, _ in seen]
    assert kinds[0] == kinds[1], "both languages have the same pages"
    assert len(kinds[0]) >= 9


def _crawl(world: Installation, language: str) -> tuple[set[str], list[str]]:
    """The kinds of pages that there are, and what is wrong about them; with a browser of its own."""
    wrong: list[str] = []
    with chromium() as browser:
        watched = Watched(_visit(browser, world, world.asking, language, PHONE))
        crawl = Crawl(f"{world.url}/")
        for kind in crawl.go(watched):
            wrong += [f"{kind}: {one}" for one in _look(watched, language, kind)]
        for name, address in (("nowhere", f"{world.url}/nowhere"), ("sign-in", world.link(world.asking))):
            watched.open(address)
            wrong += [f"{name}: {one}" for one in _look(watched, language, name)]
        _make_picture(watched, world, language)
    return set(crawl.found), wrong


def _look(watched: Watched, language: str, kind: str) -> list[str]:
    """What is wrong about the page that is open; its pictures are taken on the way."""
    page = watched.page
    name = kind.strip("/").replace("/", "-").replace("*", "one") or "overview"
    # Arabic on a phone and English at a desk show the most; the other two, and the dark, are for `make pictures`.
    whole = PICTURES in os.environ
    closely = (PHONE, DESK) if whole else (PHONE,) if language == "ar" else (DESK,)
    found = direction(page, language) + foreign_words(page, language)
    for width in (PHONE, ZOOMED, DESK):
        found += overflow(page, width)
        if width in closely:
            page.screenshot(path=SCREENSHOTS / f"{name}-{language}-{width}.jpg", full_page=True, quality=60)
            found += barriers(page)
    if whole:
        page.emulate_media(color_scheme="dark")
        found += barriers(page)
        page.emulate_media(color_scheme="light")
    return found + watched.said


def _make_picture(watched: Watched, world: Installation, language: str) -> None:
    folder = os.environ.get(PICTURES)
    if folder is None:
        return
    path, name, width = {"ar": ("/approvals", "phone-ar", PHONE), "en": ("/", "desk-en", DESK)}[language]
    watched.page.set_viewport_size({"width": width, "height": HEIGHT})
    watched.open(f"{world.url}{path}")
    if language == "ar":
        # Past the filters, to a price.
        watched.page.locator(".queue li").first.evaluate("one => one.scrollIntoView()")
    (ROOT / folder).mkdir(parents=True, exist_ok=True)
    watched.page.screenshot(path=ROOT / folder / f"{name}.png")


def test_the_world_is_in_order(world: Installation) -> None:
    """After all of it."""
    report = world.thaman.json("check-world")
    assert report["ok"], report
