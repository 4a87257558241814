"""Part 10: what a browser installs, and what is left of it without a network."""

import json
from typing import Any

import pytest

from tests.browser.installation import Installation
from tests.browser.looking import DESK, PHONE
from tests.browser.person import Come, Person
from thaman_kit.language import Language
from thaman_kit.testing import wait_until

CONTROLLED = "() => navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller !== null)"

PRIVATE = {"in-incognito"}
"""A test's window is a private one, in which nothing is installed; that is no fault of the pages."""


@pytest.mark.parametrize(("language", "width"), [("ar", PHONE), ("en", DESK)])
def test_it_can_be_installed_and_says_when_there_is_no_network(
    world: Installation, come: Come, language: Language, width: int
) -> None:
    """By the browser's own judgement; without a network one page, in both languages, and nothing of the store."""
    owner = come(language, width).enter(world.asking)
    _is_installable(owner)
    wait_until(lambda: bool(owner.page.evaluate(CONTROLLED)), what="the worker has taken over")
    owner.context.set_offline(True)
    owner.page.goto(f"{world.url}/approvals")
    for one in ("ar", "en"):
        assert owner.page.locator(f"#offline-{one}").is_visible()
    shown = owner.page.locator("body")
    assert shown.evaluate("one => getComputedStyle(one).fontFamily") != "", "with its style"
    assert world.asking not in (shown.text_content() or "")
    kept = owner.page.evaluate(
        "async () => (await Promise.all((await caches.keys()).map(async name =>"
        " (await (await caches.open(name)).keys()).map(one => new URL(one.url).pathname)))).flat()"
    )
    assert kept and all(one == "/offline" or one.startswith("/static/") for one in kept), "no page of a store is kept"
    owner.watched.said.clear()
    owner.context.set_offline(False)
    owner.submit(owner.page.locator(f'section[lang="{language}"] a.button'))
    assert owner.page.url == f"{world.url}/approvals" and owner.page.locator("header .shop").count() == 1


def _is_installable(owner: Person) -> None:
    """The manifest that the page names, as the browser reads it, in the page's language, with icons that are there."""
    session = owner.context.new_cdp_session(owner.page)
    read: dict[str, Any] = session.send("Page.getAppManifest")
    assert read["errors"] == []
    manifest = json.loads(read["data"])
    assert (manifest["lang"], manifest["display"], manifest["start_url"]) == (owner.language, "standalone", "/")
    assert manifest["dir"] == ("rtl" if owner.language == "ar" else "ltr")
    refusals = {one["errorId"] for one in session.send("Page.getInstallabilityErrors")["installabilityErrors"]}
    assert refusals <= PRIVATE, refusals
    for icon in manifest["icons"]:
        assert owner.context.request.get(f"{owner.world.url}{icon['src']}").ok, icon
