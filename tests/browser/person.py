"""Somebody at a browser of their own, whose every page is looked at."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator

from tests.browser.installation import Installation
from tests.browser.looking import HEIGHT, Watched, barriers, direction, overflow
from thaman_dashboard.pages.speech import Speech
from thaman_kit.language import Language
from thaman_kit.testing import wait_until

LOCALES = {"ar": "ar-SA", "en": "en-GB"}


class Person:
    """Opens pages, presses what is there, and stumbles over whatever the browser complains of.

    Each page that they come to has to be in their language and direction and no wider than their window. What the
    console says, errors and refusals by the content policy among it, is judged with the next page and at the end.
    """

    def __init__(self, browser: Browser, world: Installation, language: Language, width: int) -> None:
        self.world, self.language, self.width = world, language, width
        self.context = browser.new_context(
            locale=LOCALES[language], timezone_id="Asia/Riyadh", viewport={"width": width, "height": HEIGHT}
        )
        self.page = self.context.new_page()
        self.watched = Watched(self.page)
        self.speech = Speech(language, datetime.now(UTC))

    def enter(self, store: str, role: str = "owner") -> "Person":
        """Sign in by a one-time link, without its page, which others look at, and come to the overview."""
        link, origin = self.world.link(store, role), {"Origin": self.world.url}
        assert self.context.request.post(link, headers=origin, max_redirects=0).status == 303
        self.open("/")
        return self

    def open(self, path: str, status: int = 200) -> None:
        """Go to a page of the dashboard, or to a whole address."""
        answer = self.page.goto(path if "://" in path else f"{self.world.url}{path}")
        assert answer is not None and answer.status == status, (path, answer and answer.status)
        self.look()

    def press(self, key: str, within: Locator | None = None) -> None:
        """Press the one button that says this text of ours, and come to the next page."""
        self.submit((within or self.page.locator("main")).get_by_role("button", name=self.says(key), exact=True))

    def ask(self, key: str) -> None:
        """Press a button that asks a long question; its page is fit while it waits, and looks again by itself."""
        self.press(key)
        assert barriers(self.page) == []
        self.page.locator("#inquiry:not([hx-get])").wait_for()
        self.look()
        assert barriers(self.page) == []

    def follow(self, key: str) -> None:
        """Go where the link with this text leads."""
        self.submit(self.page.locator("main").get_by_role("link", name=self.says(key), exact=True))

    def submit(self, pressed: Locator) -> None:
        """Press something that leads to a page."""
        with self.page.expect_navigation():
            pressed.click()
        self.look()

    def download(self, link: Locator, folder: Path) -> Path:
        """The file that the browser saves, under the name that the page gave it."""
        with self.page.expect_download() as begun:
            link.click()
        saved = folder / begun.value.suggested_filename
        begun.value.save_as(saved)
        return saved

    def says(self, key: str, **values: Any) -> str:
        """A text of ours as this person reads it."""
        return self.speech.say(key, **values).striptags()

    def sees(self, text: str) -> bool:
        """Whether the page says so, however its lines and figures are set."""
        return plain(text) in plain(self.page.locator("main").inner_text())

    def comes_to_see(self, seen: Callable[[], bool], again: str, what: str, within: float = 60.0) -> None:
        """Look at a page anew until it is as it shall be."""

        def look() -> bool:
            self.page.goto(f"{self.world.url}{again}")
            return seen()

        wait_until(look, within, what)
        self.look()

    def look(self) -> None:
        """Whether the page is fit: its language, its width, and a browser that has nothing to say."""
        self.page.wait_for_load_state()
        found = direction(self.page, self.language) + overflow(self.page, self.width) + self.watched.said
        assert found == [], (self.page.url, found)

    def leave(self) -> None:
        """Close the browser; a last word of it counts."""
        self.context.close()
        assert self.watched.said == []


Come = Callable[[Language, int], Person]
"""Somebody new, who reads a language at a window of a width."""


def plain(text: str) -> str:
    """Without signs of direction, and with single spaces."""
    return " ".join("".join(one for one in text if one not in "\u2066\u2067\u2068\u2069\u200e\u200f").split())
