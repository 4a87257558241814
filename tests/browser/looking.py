"""What every page has to be in a browser: quiet, whole at each width, in its own language, fit for everybody."""

import re
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, Request, Response

from tests.browser.chromium import AXE

PHONE, DESK = 390, 1280
ZOOMED = DESK // 2
"""A desk at 200 %: half as many pixels of CSS."""

HEIGHT = 800

WORDS_OF_BOTH = frozenset(
    ["SKU", "VAT", "CSV", "Excel", "API", "PDF", "JSON", "Lines", "XLSX", "Parquet", "Thaman", "UTC"]
)
"""Latin words that Arabic text has, too."""

_LATIN = re.compile(r"[A-Za-z]{2,}")
_ARABIC = re.compile(r"[\u0621-\u064a]{2,}")
_ISOLATED = re.compile("[\u2066-\u2068][^\u2069]*\u2069")
_KEY = re.compile(r"\b[a-z]+(?:_[a-z]+)*(?:\.[a-z]+(?:_[a-z]+)*)+\b|\b[a-z]+(?:_[a-z]+)+\b")

_TEXTS = """() => {
  // What strangers wrote, codes and machine-readable values say themselves which they are.
  const given = 'bdi, code, kbd, pre, data, [translate=no], script, style, [lang]:not(html), input, textarea, '
    + '[name=brand] option, [name=category] option';
  // The longest first, as a short one may be a part of it.
  const strangers = [...document.querySelectorAll('bdi')].map(one => one.textContent.trim())
    .sort((a, b) => b.length - a.length);
  const found = [];
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.data.trim() && !node.parentElement.closest(given)) found.push(node.data.trim());
  }
  const texts = found.length;
  for (const one of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]'))
    for (const name of ['aria-label', 'title', 'placeholder', 'alt'])
      if (one.hasAttribute(name) && !one.closest('bdi, code, [lang]:not(html)')) found.push(one.getAttribute(name));
  // Titles and labels have no tags to say so; what stands in tags elsewhere on the page is known there, too.
  const plain = text => strangers.reduce((rest, one) => one ? rest.replaceAll(one, '') : rest, text);
  return found.map(text => text === document.title || found.indexOf(text) >= texts ? plain(text) : text);
}"""

_WIDTHS = """() => {
  const root = document.documentElement, over = [];
  if (root.scrollWidth > root.clientWidth)
    for (const one of document.querySelectorAll('body *')) {
      const box = one.getBoundingClientRect();
      if (box.width && (box.right > root.clientWidth + 1 || box.left < -1) && !one.closest('.unseen, .skip'))
        over.push(`${one.tagName.toLowerCase()}.${one.className} ${Math.round(box.left)}..${Math.round(box.right)}`);
    }
  return {whole: root.scrollWidth <= root.clientWidth, over: over.slice(0, 5)};
}"""

_AXE = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations'], preload: false, iframes: false});
  const why = node => (node.any[0] || node.all[0] || node.none[0] || {message: ''}).message;
  return found.violations.map(one => `${one.id} (${one.help}): ` +
    one.nodes.slice(0, 3).map(node => `${node.target.join(' ')} ${why(node)}`).join(' | '));
}"""


@dataclass
class Watched:
    """A page and all that the browser said of it."""

    page: Page
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.page.on("requestfailed", self._failed)

    def open(self, address: str) -> Response | None:
        """Go there; what is said from here on is of this page."""
        self.said.clear()
        return self.page.goto(address)

    def _console(self, message: ConsoleMessage) -> None:
        url = message.location.get("url", "")
        # That a page of an error has a status of one is meant; and pages that name no icon, as Salla's and
        # onboarding's, are asked for one all the same.
        is_meant = url == self.page.url or url.endswith("/favicon.ico")
        if not ("Failed to load resource" in message.text and is_meant):
            self.said.append(f"{message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        # A page that is left closes its open stream.
        if request.failure != "net::ERR_ABORTED":
            self.said.append(f"failed: {request.url} {request.failure}")


def overflow(page: Page, width: int) -> list[str]:
    """What sticks out of a window of this width."""
    if _width(page) != width:
        page.set_viewport_size({"width": width, "height": HEIGHT})
    found = page.evaluate(_WIDTHS)
    return [] if found["whole"] else [f"overflow at {width}: {one}" for one in found["over"] or ["?"]]


def barriers(page: Page) -> list[str]:
    """What axe finds."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(_AXE)
    return [f"axe at {_width(page)}: {one}" for one in found]


def foreign_words(page: Page, language: str) -> list[str]:
    """Words of the other language, and keys or codes that were never put into words."""
    found = []
    for said in page.evaluate(_TEXTS):
        # Between these signs stands what a stranger wrote.
        text = _ISOLATED.sub("", said)
        words = set((_LATIN if language == "ar" else _ARABIC).findall(text)) - WORDS_OF_BOTH
        keys = _KEY.findall(text)
        if words or keys:
            found.append(f"untranslated {sorted(words) or keys} in: {text[:100]}")
    return found


def direction(page: Page, language: str) -> list[str]:
    """What is wrong about the page's language and direction."""
    wanted = {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}
    found: dict[str, Any] = page.evaluate(
        "() => ({lang: document.documentElement.lang, dir: document.documentElement.dir})"
    )
    return [] if found == wanted else [f"is {found}, not {wanted}"]


def _width(page: Page) -> int:
    size = page.viewport_size
    assert size is not None
    return size["width"]
