"""For the dashboard's tests: a browser that asks the application in this process, and what a page is made of."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import httpx
from fastapi import FastAPI

from thaman_contracts.subjects import SERVICES
from thaman_dashboard.adapters.owners import HttpOwners
from thaman_dashboard.adapters.owners_http import OwnersHttp
from thaman_dashboard.api import build_api
from thaman_dashboard.bootstrap import Container, build
from thaman_dashboard.desk import Desk
from thaman_dashboard.testing import NOW, Streams, settings_for
from thaman_dashboard.views import Role
from thaman_dashboard.wiring import build_desk
from thaman_kit.clock import ManualClock
from thaman_kit.embedded.databases import Databases
from thaman_kit.migrate import migrate
from thaman_kit.testing import ROLE_PASSWORD, own_database, role_url, template_database

NOBODY = "http://127.0.0.1:9"
"""Where nothing listens."""

_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
_VOID = frozenset(("meta", "link", "input", "br", "path", "rect", "img", "hr"))
_LEVELS = {f"h{level}": level for level in range(1, 7)}


def owners_at(key: str = "k", **addresses: str) -> OwnersHttp:
    """The way to the owners' APIs at addresses of a test; where none is given, nothing listens."""
    return OwnersHttp(key, {service: NOBODY for service in SERVICES} | addresses)


@dataclass
class House:
    """The application with its desk, whose commands do not wait for read models; answers wait for ``grace``.

    Unless it is ``live``, lines of news end at once, as nobody would read them in this process."""

    container: Container
    http: OwnersHttp = field(default_factory=owners_at)
    grace: timedelta = timedelta(0)
    live: bool = False
    desk: Desk = field(init=False)
    app: FastAPI = field(init=False)
    streams: Streams = field(init=False)

    def __post_init__(self) -> None:
        self.streams = Streams(self.container)
        self.desk = build_desk(self.container, self.http, patience=0.0, grace=self.grace)
        if not self.live:
            self.desk.live.hub.close()
        self.app = build_api(self.container, self.desk)

    @property
    def owners(self) -> HttpOwners:
        """The owners' APIs."""
        return HttpOwners(self.http)

    def ask_owners(self) -> None:
        """Ask all long questions that wait, as the part beside the pages does."""
        while self.desk.inquiries.asker.ask_next():
            pass

    def asked(self, browser: "Browser", path: str, fields: dict[str, Any] | None = None) -> "Markup":
        """The page of a long question, once its owner was asked."""
        answer = browser.post(path, fields)
        assert answer.status_code == 303, (path, answer.status_code, answer.text)
        self.ask_owners()
        return browser.page(answer.headers["location"])

    def browser(self, store_id: str | None = None, role: Role = Role.OWNER) -> "Browser":
        """A browser; with a store, one that is signed in to it."""
        browser = Browser(self.app, self.container.settings.public_url)
        if store_id is not None:
            link = self.desk.sign_in.make_link(store_id, role)
            assert browser.post(f"/sign-in/{link.token}", csrf=None).status_code == 303
        return browser


@contextmanager
def standing_house(server: Databases, **changes: Any) -> Iterator[House]:
    """A house on a database of its own at :data:`~thaman_dashboard.testing.NOW`, for all tests of a module; its owners
    are away. ``changes`` are settings."""

    def prepare(url: str) -> None:
        migrate(url, ["dashboard"], {"dashboard": ROLE_PASSWORD})

    template = template_database(server, "dashboard_template", prepare)
    with own_database(server, template=template) as url:
        house = House(build(settings_for(role_url(url, "dashboard"), **changes), ManualClock(NOW)))
        try:
            yield house
        finally:
            house.http.close()
            house.container.close()


class Browser:
    """Keeps cookies, and says with each form what a browser says of one from the same origin."""

    def __init__(self, app: FastAPI, url: str) -> None:
        self.cookies = httpx.Cookies()
        self._transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self._url = url
        self._csrf: str | None = None

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        """One request; no redirect is followed."""

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url=self._url, cookies=self.cookies) as http:
                response = await http.request(method, path, **given)
                self.cookies = http.cookies
                return response

        response = asyncio.run(ask())
        found = _CSRF.search(response.text)
        if found:
            self._csrf = found.group(1)
        return response

    def get(self, path: str, language: str = "en") -> httpx.Response:
        """A page."""
        return self.request("GET", path, headers={"Accept": "text/html", "Accept-Language": language})

    def page(self, path: str, language: str = "en") -> "Markup":
        """A page that is there, taken apart."""
        response = self.get(path, language)
        assert response.status_code == 200, (path, response.status_code, response.text)
        return Markup(response.text)

    def post(
        self,
        path: str,
        fields: dict[str, Any] | None = None,
        *,
        csrf: str | None = "own",
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """A form, with the token of the session's last page unless told otherwise."""
        if csrf == "own":
            if self._csrf is None:
                self.get("/settings")
            csrf = self._csrf
        token = {} if csrf is None else {"csrf": csrf}
        said = {"Accept": "text/html", "Accept-Language": "en"} | (
            {"Sec-Fetch-Site": "same-origin"} if headers is None else headers
        )
        return self.request("POST", path, data=(fields or {}) | token, headers=said)


class Markup(HTMLParser):
    """A page as its tags; :attr:`text` is what it says."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.amounts: list[tuple[int, str]] = []
        self.headings: list[int] = []
        self.unlabelled: list[str] = []
        self._labelled: set[str | None] = set()
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self._said: list[str] = []
        self.feed(html)

    @property
    def text(self) -> str:
        """All its words."""
        return " ".join(" ".join(self._said).split())

    @property
    def links(self) -> set[str]:
        """Where it leads."""
        return {attributes["href"] or "" for tag, attributes in self.tags if tag == "a" and "href" in attributes}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag opens."""
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag in _LEVELS:
            self.headings.append(_LEVELS[tag])
        is_field = tag in ("select", "textarea") or (tag == "input" and attributes.get("type") != "hidden")
        named = {"aria-label", "aria-labelledby"} & attributes.keys() or attributes.get("id") in self._labelled
        if tag == "label" and "for" in attributes:
            self._labelled.add(attributes["for"])
        if is_field and not named and not any(name == "label" for name, _ in self._open):
            self.unlabelled.append(str(attributes.get("name")))
        if tag not in _VOID:
            self._open.append((tag, attributes))

    def handle_endtag(self, tag: str) -> None:
        """A tag closes."""
        if tag not in _VOID:
            opened, _ = self._open.pop()
            assert opened == tag, f"</{tag}> closes <{opened}>"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag without content."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Words."""
        self._said.append(data)
        if self._open and self._open[-1][0] == "data":
            self.amounts.append((int(self._open[-1][1]["value"] or ""), data))
