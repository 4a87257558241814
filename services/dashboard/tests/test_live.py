"""The line of news, over HTTP: what was stored rings at the open pages of its store, for as long as they may look."""

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx
import pytest
import uvicorn

from thaman_dashboard.adapters.pulse import Pulse
from thaman_dashboard.api import build_api, parts_of
from thaman_dashboard.live import MOST_ALTOGETHER, MOST_OF_A_SESSION, PARTS, LiveHub, announced, announcement
from thaman_dashboard.testing import NOW
from thaman_dashboard.testing_events import Run, authorized, item, observed, system
from thaman_dashboard.testing_pages import Browser, House, standing_house
from thaman_kit.clock import ManualClock
from thaman_kit.embedded.databases import Databases
from thaman_kit.embedded.process import free_port
from thaman_kit.errors import BusError
from thaman_kit.testing import wait_until

RUN = Run("77")


@dataclass
class Served:
    """The application behind a port, with its listener."""

    house: House
    url: str
    loop: asyncio.AbstractEventLoop

    @property
    def hub(self) -> LiveHub:
        """Its open pages."""
        return self.house.desk.live.hub

    @contextmanager
    def line(self, browser: Browser) -> Iterator[Iterator[str]]:
        """A line of news as a browser holds it; gives the events' names, and '' for a heartbeat."""
        with (
            httpx.Client(base_url=self.url, cookies=browser.cookies, timeout=30) as http,
            http.stream("GET", "/live") as answer,
        ):
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["cache-control"] == "no-store"
            lines = answer.iter_lines()
            assert next(lines) == "retry: 3000"
            yield (found.group(1) or "" for found in (re.match(r"event: (\w+)|:", line) for line in lines) if found)

    def open_lines(self, store_id: str) -> int:
        """How many pages of a store hear of news."""
        return len(self.hub._readers.get(store_id, ()))


@pytest.fixture(scope="module")
def served(postgres_server: Databases) -> Iterator[Served]:
    """Two stores, with what the api runs beside its pages; heartbeats come quickly."""
    with standing_house(postgres_server) as standing:
        standing.streams.deliver(authorized("77"), observed("77", 1, item("1", 1_000)), authorized("78"))
        house = House(standing.container, standing.http, live=True)
        house.desk = replace(house.desk, live=replace(house.desk.live, heartbeat=0.2))
        house.app = build_api(house.container, house.desk)
        port = free_port()
        server = uvicorn.Server(
            uvicorn.Config(house.app, host="127.0.0.1", port=port, log_level="warning", lifespan="off")
        )
        loop, stop = asyncio.new_event_loop(), asyncio.Event()

        async def both() -> None:
            await asyncio.gather(
                server.serve(), *(part(stop) for part in parts_of(house.container, house.desk).values())
            )

        thread = threading.Thread(target=loop.run_until_complete, args=(both(),))
        thread.start()
        try:
            wait_until(lambda: server.started and _listeners(house) == 1, what="the API and its listener")
            yield Served(house, f"http://127.0.0.1:{port}", loop)
        finally:
            server.should_exit = True
            loop.call_soon_threadsafe(stop.set)
            thread.join(30)
            loop.close()
        assert not thread.is_alive(), "lines end when the process does"


def _listeners(house: House) -> int:
    row = house.container.application.database.fetch_one(
        "SELECT count(*) AS count FROM pg_stat_activity"
        " WHERE application_name = 'dashboard-live' AND datname = current_database() AND query LIKE 'LISTEN%%'"
    )
    return int(row["count"]) if row else 0


def _until(events: Iterator[str], *wanted: str) -> set[str]:
    """Reads until all of these have come; gives what came."""
    seen: set[str] = set()
    while not seen >= set(wanted):
        seen.add(next(events))
    return seen


def test_what_is_stored_rings_at_the_open_pages_of_its_store_alone(served: Served) -> None:
    ours, theirs = served.house.browser("77"), served.house.browser("78")
    with served.line(ours) as events, served.line(theirs) as others:
        tell = served.house.streams.deliver
        tell(RUN.asked(1), RUN.started(2))
        _until(events, "runs", "activity", "overview")
        tell(RUN.proposed(3, "1", 1_000, 900))
        _until(events, "approvals")
        served.house.desk.approvals.answers.mark_seen("77", NOW)
        given = str(RUN.proposal("1"))
        waiting = House(served.house.container, served.house.http, grace=timedelta(seconds=10))
        waiting.browser("77").post("/approvals", {"approve": given, f"digest.{given}": "d"})
        _until(events, "approvals", "overview")
        assert _until(others, "") == {""}, "nothing of another store, only that the line is there"
        tell(system(4, stopped=True, fence=1))
        _until(others, "overview")
    wait_until(lambda: served.open_lines("77") == 0, what="the lines' end")


def test_a_line_ends_with_its_session_and_no_session_has_many(served: Served) -> None:
    browser = served.house.browser("77")
    with served.line(browser) as events:
        browser.post("/sign-out")
        assert set(events) <= {"", *PARTS}, "it comes to its end"
    with httpx.Client(base_url=served.url, cookies=browser.cookies) as http:
        assert http.get("/live", headers={"Accept": "text/html"}).status_code == 401
    session = b"one"
    hub = LiveHub()
    readers = [hub.reader("77", session) for _ in range(MOST_OF_A_SESSION)]
    for reader in readers:
        reader.__enter__()
    assert not hub.has_room(session) and hub.has_room(b"two")
    readers[0].__exit__(None, None, None)
    assert hub.has_room(session)
    others = [hub.reader("78", bytes([number % 250])) for number in range(MOST_ALTOGETHER)]
    for reader in others:
        reader.__enter__()
    assert not hub.has_room(b"two")


def test_a_listener_that_was_cut_off_comes_back_and_everything_is_news(served: Served) -> None:
    database = served.house.container.application.database
    with served.line(served.house.browser("77")) as events:
        database.fetch_all(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'dashboard-live' AND datname = current_database()"
        )
        assert _until(events, *PARTS) >= PARTS


async def test_news_is_gathered_for_who_is_slow() -> None:
    hub = LiveHub()
    with hub.reader("77", b"one") as reader, hub.reader("78", b"two") as other:
        for _ in range(1_000):
            hub.tell("77", frozenset(("runs", "overview")))
        hub.tell("77", frozenset(("approvals",)))
        assert await reader.news(0) == {"runs", "overview", "approvals"}
        assert await reader.news(0) == await other.news(0) == frozenset()
        hub.tell_all()
        assert await reader.news(0) == await other.news(0) == PARTS
        hub.close()
        assert reader.is_over and other.is_over
    with hub.reader("77", b"one") as late:
        assert late.is_over
    assert announced(announcement("77", PARTS)) == ("77", PARTS)
    assert announced("77 runs,of_a_later_release") == ("77", frozenset(("runs",)))


def test_pages_ask_for_their_parts_at_their_own_address_and_keep_a_notice_for_the_page(served: Served) -> None:
    browser = served.house.browser("77")
    page = browser.page("/approvals?risk=high&order=change")
    [body] = [given for tag, given in page.tags if tag == "body"]
    assert (body["hx-ext"], body["sse-connect"]) == ("sse", "/live")
    parts = [given for _, given in page.tags if given.get("hx-get")]
    assert {one["hx-trigger"] for one in parts} == {"sse:approvals"}
    for one in parts:
        assert one["hx-get"] == "/approvals?risk=high&order=change"
        assert one["hx-select"] == f"#{one['id']}"
    [config] = [given["content"] or "" for tag, given in page.tags if given.get("name") == "htmx-config"]
    for setting in ('"allowEval":false', '"includeIndicatorStyles":false', '"selfRequestsOnly":true'):
        assert setting in config
    for path in ("/", "/runs", f"/runs/{RUN.run_id}"):
        assert [given for _, given in browser.page(path).tags if given.get("hx-get") == path], path
    assert "sse-connect" not in served.house.browser().get("/nowhere").text
    browser.post("/approvals", {"nothing": "yes"})
    part = browser.request("GET", "/approvals", headers={"HX-Request": "true", "Accept-Language": "en"})
    assert "Nothing was chosen" not in part.text
    [session] = served.house.desk.own.sessions("77", NOW)[:1]
    clock = served.house.container.clock
    assert isinstance(clock, ManualClock)
    clock.advance(timedelta(minutes=1))
    browser.request("GET", "/approvals", headers={"HX-Request": "true"})
    assert served.house.desk.own.sessions("77", NOW)[0] == session, "what a page asks by itself keeps no session alive"
    assert "Nothing was chosen" in browser.page("/approvals").text


def test_pages_say_since_when_they_may_be_out_of_date(served: Served) -> None:
    database, browser = served.house.container.application.database, served.house.browser("78")
    assert "may be out of date: no news" not in browser.page("/").text, "before the worker ever was there"

    def away() -> None:
        raise BusError("NATS does not answer")

    then = NOW - timedelta(seconds=61)
    assert Pulse(database, lambda: None, lambda: then).beat() is True
    assert Pulse(database, away, lambda: NOW).beat() is False
    page = browser.page("/settings")
    assert "These pages may be out of date: no news has come in since 24 Nov 2026 12:28" in page.text
    assert "As of 24 Nov 2026 12:31" in page.text
    assert Pulse(database, lambda: None, lambda: NOW).beat() is True
    assert "may be out of date: no news" not in browser.page("/settings").text
