"""Parts 1 and 8: from Salla's consent, from inside Salla's admin, as an operator, and under an operator's own name."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from tests.browser.branded import branded_dashboard
from tests.browser.installation import Installation
from tests.browser.journeys.policies import run_now
from tests.browser.looking import DESK, PHONE
from tests.browser.person import LOCALES, Come, Person
from thaman_kit.language import Language
from thaman_kit.testing import wait_until

BRAND, COLOUR = "سعرك", "#5b21b6"
AS_DRAWN = "rgb(91, 33, 182)"
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8" width="8" height="8"><path d="M0 0h8v8z"/></svg>'

_FRAME = """address => {
  window.heard = [];
  addEventListener('message', one => window.heard.push(one.data.event));
  const frame = document.createElement('iframe');
  frame.src = address;
  document.body.append(frame);
}"""


@pytest.mark.parametrize(("language", "width"), [("ar", PHONE), ("en", DESK)])
def test_who_comes_from_salla_lands_in_the_store_signed_in(
    world: Installation, come: Come, language: Language, width: int
) -> None:
    """Consent at Salla, onboarding's page, and the dashboard as the store's owner."""
    owner = come(language, width)
    owner.page.goto(f"{world.urls['onboarding']}/oauth/authorize")
    assert owner.page.url.startswith(world.urls["sandbox"])
    owner.page.locator('select[name="store_id"]').select_option(world.asking)
    owner.page.locator('button[value="approve"]').click()
    owner.page.wait_for_url(f"{world.urls['onboarding']}/oauth/callback*")
    owner.look()
    owner.submit(owner.page.locator("form button"))
    while owner.page.url.endswith("/arrive"):
        # The dashboard has not heard of the connection yet, and says to press once more.
        owner.press("entry.arriving_again")
    assert owner.page.url == f"{world.url}/"
    assert owner.page.locator("header .shop").inner_text() == world.asking
    owner.open("/people")
    assert owner.page.locator("#members ~ ul li").count() >= 1


@pytest.mark.parametrize(("language", "width"), [("ar", PHONE), ("en", DESK)])
def test_salla_shows_the_embedded_page_and_it_opens_the_dashboard(
    world: Installation, browser: Browser, language: Language, width: int
) -> None:
    """In a frame of Salla's own page, which hears that it is there; no other page of ours is shown in one."""
    said: list[str] = []
    context = browser.new_context(locale=LOCALES[language], viewport={"width": width, "height": 800})
    try:
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{world.urls['sandbox']}/_sandbox/health")
        token = _sandbox(world, f"/stores/{world.asking}/embedded-token")["token"]
        frame = _framed(page, f"{world.url}/embedded?token={token}")
        expect(frame.locator("h1")).to_have_text(world.asking)
        wait_until(lambda: "embedded::ready" in page.evaluate("window.heard"), what="Salla's page has heard")
        with context.expect_page() as opened:
            frame.locator("a.button").click()
        opened.value.locator("main form button").click()
        opened.value.wait_for_url(f"{world.url}/")
        assert opened.value.locator("header .shop").inner_text() == world.asking
        assert opened.value.locator("html").get_attribute("lang") == language
        assert said == []

        page.reload()
        other = _framed(page, f"{world.url}/")
        wait_until(lambda: any("frame-ancestors" in one for one in said), what="the refusal")
        assert other.locator("main").count() == 0
    finally:
        context.close()


def test_an_operator_sees_all_stores_stops_them_and_lets_somebody_in(world: Installation, come: Come) -> None:
    """In English at a desk; a merchant reads of the stop in Arabic on a phone."""
    operator, merchant = come("en", DESK), come("ar", PHONE).enter(world.asking)
    operator.page.goto(_posted(world, f"{world.url}/operator/links", {})["url"])
    operator.press("sign_in.enter")
    for store in world.stores:
        assert operator.page.locator("main tbody th").filter(has_text=store).count() == 1
    operator.page.locator("main details summary").click()
    operator.press("operator.stop_yes")
    merchant.comes_to_see(lambda: merchant.sees(merchant.says("banner.system_stopped")), "/", "the stop")
    operator.press("operator.resume")
    stopped = merchant.says("banner.system_stopped")
    merchant.comes_to_see(lambda: not merchant.sees(stopped), "/", "the end of the stop")
    # What was proposed before a stop is not written after it.
    run_now(merchant, world.asking)

    form = operator.page.locator(f'form[action="/operator/stores/{world.writing}/links"]')
    form.locator("select").select_option("viewer")
    operator.submit(form.get_by_role("button"))
    merchant.page.goto(operator.page.locator("main input[readonly]").input_value())
    merchant.press("sign_in.enter")
    assert merchant.page.locator("header .shop").inner_text() == world.writing
    operator.open("/operator/log")
    assert operator.page.locator("main li, main tbody tr").count() >= 3


def test_an_operators_own_name_logo_and_colour_are_on_the_pages(
    world: Installation, come: Come, tmp_path: Path
) -> None:
    """For a merchant in Arabic on a phone and in English at a desk."""
    logo = tmp_path / "logo.svg"
    logo.write_text(LOGO)
    with branded_dashboard(world, name=BRAND, logo=logo, colour=COLOUR) as url:
        for merchant in (come("ar", PHONE), come("en", DESK)):
            merchant.page.goto(_posted(world, f"{url}/links", {"store_id": world.asking, "role": "viewer"})["url"])
            _is_branded(merchant, signed_in=False)
            merchant.press("sign_in.enter")
            _is_branded(merchant, signed_in=True)
            merchant.open(f"{url}/runs")
            _is_branded(merchant, signed_in=True)
            merchant.page.goto("about:blank")


def _is_branded(merchant: Person, *, signed_in: bool) -> None:
    page = merchant.page
    assert page.locator("header .brand").inner_text().strip() == BRAND and page.title().endswith(BRAND)
    button = page.locator("main a, main button").first
    colours = button.evaluate("one => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor]")
    assert AS_DRAWN in colours
    if signed_in:
        assert page.locator("img.logo").evaluate("one => one.complete && one.naturalWidth > 0")


def _framed(page: Page, address: str) -> Frame:
    page.evaluate(_FRAME, address)
    wait_until(lambda: len(page.frames) == 2, what="the frame")
    frame = page.frames[1]
    frame.wait_for_load_state()
    return frame


def _sandbox(world: Installation, path: str) -> dict[str, Any]:
    return _posted(world, f"{world.urls['sandbox']}/_sandbox{path}", {})


def _posted(world: Installation, url: str, body: dict[str, str]) -> dict[str, Any]:
    answer = world.http.post(url, json=body)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
