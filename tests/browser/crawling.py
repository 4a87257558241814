"""Finds every page that links lead to: one address for each kind, so that new pages are looked at by themselves."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Error, Page, Response

from tests.browser.looking import Watched

_NAMES_SOMETHING = re.compile(r"\d|^[A-Za-z0-9_-]{22,}$")


def kind_of(address: str) -> str:
    """The address with a star for what names one thing of many; a product's variant is a product."""
    parts = ["*" if _NAMES_SOMETHING.search(part) else part for part in urlsplit(address).path.split("/")]
    return "/".join(part for number, part in enumerate(parts) if part != "*" or parts[number - 1] != "*")


class Crawl:
    """Goes through the pages that can be reached from ``begin``, each kind once."""

    def __init__(self, begin: str) -> None:
        self.begin = begin
        self.found: dict[str, str] = {}
        self.files: dict[str, str] = {}

    def go(self, watched: Watched) -> Iterator[str]:
        """Opens each page and gives its kind; links are read from it before it is left."""
        queue, seen = [self.begin], {kind_of(self.begin)}
        while queue:
            address = queue.pop(0)
            answer = self._open(watched, address)
            if answer is None or "text/html" not in answer.headers.get("content-type", ""):
                self.files[kind_of(address)] = address
                continue
            assert answer.status == 200, f"{address} answers {answer.status}: a dead link"
            links = self._links(watched.page)
            yield kind_of(address)
            self.found[kind_of(address)] = address
            for link in links:
                if kind_of(link) not in seen:
                    seen.add(kind_of(link))
                    queue.append(link)

    def _open(self, watched: Watched, address: str) -> Response | None:
        try:
            return watched.open(address)
        except Error as error:
            if "Download is starting" in str(error):
                return None
            raise

    def _links(self, page: Page) -> list[str]:
        here, origin = page.url, urlsplit(self.begin)[:2]
        found = page.eval_on_selector_all("a[href]", "all => all.map(one => one.getAttribute('href'))")
        whole = [urljoin(here, link).partition("#")[0] for link in found]
        return [link for link in whole if urlsplit(link)[:2] == origin]
