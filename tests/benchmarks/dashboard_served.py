"""The dashboard as a server on a port that says how long each request took; and a browser's connection to it."""

import asyncio
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.benchmarks.dashboard_events import STORE
from tests.benchmarks.errors import BenchError
from thaman_dashboard.api import parts_of
from thaman_dashboard.testing_pages import House
from thaman_dashboard.views import Role
from thaman_kit.embedded.process import free_port
from thaman_kit.testing import wait_until

_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
_LOADED = re.compile(r'(?:href|src)="(/(?:static/|manifest|sw)[^"]*)"')
SAME_SITE = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}


class Timing:
    """Around the whole application: seconds from a request's arrival to the last byte of its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.last = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        began = time.perf_counter()

        async def timed(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self.last = time.perf_counter() - began
            await send(message)

        await self._app(scope, receive, timed)


@dataclass(frozen=True)
class Processor:
    """Processor time of this process, of the owners' and of a PostgreSQL server, which other work on the machine
    disturbs less."""

    postmaster: int
    owners: int

    def milliseconds(self) -> float:
        """Spent so far, by all; children of the server and threads of the owners that ended are left out."""
        children = Path(f"/proc/{self.postmaster}/task/{self.postmaster}/children").read_text().split()
        files = [Path(f"/proc/{child}/schedstat") for child in children]
        files += [thread / "schedstat" for thread in Path(f"/proc/{self.owners}/task").iterdir()]
        spent = 0
        for file in files:
            with suppress(FileNotFoundError, ProcessLookupError):
                spent += int(file.read_text().split()[0])
        return time.process_time() * 1_000 + spent / 1_000_000


@dataclass
class Asked:
    """An answer, how long the server took for it, and how much processor time went by, the browser's included."""

    status: int
    kind: str
    text: str
    milliseconds: float
    processor_ms: float
    location: str = ""


@dataclass
class Visitor:
    """A browser with one connection, signed in as the store's owner and as an operator."""

    url: str
    timing: Timing
    processor: Processor
    http: httpx.Client
    csrf: str = ""
    _headers: dict[str, str] = field(default_factory=lambda: {"Accept": "text/html"})

    def get(self, address: str, language: str) -> Asked:
        """One page, compressed as a browser gets it."""
        return self._asked("GET", address, headers=self._headers | {"Accept-Language": language})

    def post(self, address: str, fields: Mapping[str, Any], language: str) -> Asked:
        """One form."""
        headers = SAME_SITE | {"Accept-Language": language}
        return self._asked("POST", address, data={"csrf": self.csrf} | dict(fields), headers=headers)

    def enter(self, address: str) -> None:
        """Spend a sign-in link."""
        answer = self.http.post(address, headers=SAME_SITE)
        if answer.status_code != 303:
            raise BenchError(f"nobody could sign in: {answer.status_code} {answer.text[:300]}")

    def know_token(self) -> None:
        """Take the session's token for forms from a page."""
        found = _CSRF.search(self.http.get("/settings", headers=self._headers).text)
        if found is None:
            raise BenchError("the settings have no form")
        self.csrf = found.group(1)

    def sizes(self, address: str) -> dict[str, int]:
        """Bytes on the wire of a page's answer and of everything that it makes a browser load, bodies alone."""
        headers = self._headers | {"Accept-Encoding": "gzip, deflate, br"}
        page = self.http.get(address, headers=headers)
        found = {address: page.num_bytes_downloaded}
        for loaded in sorted(set(_LOADED.findall(page.text))):
            answer = self.http.get(loaded, headers=headers)
            answer.raise_for_status()
            found[loaded] = answer.num_bytes_downloaded
        return found

    def _asked(self, method: str, address: str, **given: Any) -> Asked:
        before = self.processor.milliseconds()
        answer = self.http.request(method, address, **given)
        spent = self.processor.milliseconds() - before
        kind = answer.headers.get("content-type", "").partition(";")[0]
        text = answer.text if kind == "text/html" else ""
        location = answer.headers.get("location", "")
        return Asked(answer.status_code, kind, text, self.timing.last * 1_000, spent, location)


@contextmanager
def standing(house: House, operator_key: str, processes: tuple[int, int]) -> Iterator[Visitor]:
    """The application with what runs beside its pages, and somebody signed in to it over HTTP; ``processes`` are the
    database's and the owners'."""
    timing, port = Timing(house.app), free_port()
    server = uvicorn.Server(uvicorn.Config(timing, host="127.0.0.1", port=port, log_level="warning", lifespan="off"))
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def all_of_it() -> None:
        parts = parts_of(house.container, house.desk).values()
        await asyncio.gather(server.serve(), *(part(stop) for part in parts))

    thread = threading.Thread(target=loop.run_until_complete, args=(all_of_it(),))
    thread.start()
    try:
        wait_until(lambda: server.started, what="the dashboard")
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, timeout=180, trust_env=False) as http:
            visitor = Visitor(url, timing, Processor(*processes), http)
            visitor.enter(f"/sign-in/{house.desk.sign_in.make_link(STORE, Role.OWNER).token}")
            visitor.enter(f"/operator/sign-in/{house.desk.operators.make_link(operator_key).token}")
            visitor.know_token()
            yield visitor
    finally:
        server.should_exit = True
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()


@contextmanager
def line_of_news(visitor: Visitor) -> Iterator[Iterator[tuple[str, float]]]:
    """The line on which an open page hears of news: names of parts, and when each came."""
    with (
        httpx.Client(base_url=visitor.url, cookies=visitor.http.cookies, timeout=60, trust_env=False) as http,
        http.stream("GET", "/live") as answer,
    ):
        answer.raise_for_status()
        lines = answer.iter_lines()
        yield ((line.removeprefix("event: "), time.perf_counter()) for line in lines if line.startswith("event: "))
