"""How fast the dashboard's pages are with a large store behind them: `make bench ARGS="--dashboard"`.

One store has 10,000 products and 1,000,000 events in the audit's ledger, in the mix of
:mod:`tests.benchmarks.dashboard_events`; the dashboard's tables were made of them by its own inbox, and the owners that
pages ask stand behind it (:mod:`tests.benchmarks.dashboard_owners`). The dashboard's application is served by uvicorn
on a durable PostgreSQL, with an owner and an operator signed in over HTTP. Then

- every page (:mod:`tests.benchmarks.dashboard_pages`) is asked for 40 times after three that are not counted, half of
  them in each language, all pages in turn, in an order that is drawn anew each time. What is timed is the server: from
  a request's arrival at the application to the last byte of its answer. Owners, browser and dashboard share the
  machine, and the last two a process. A page that takes two seconds is asked for three times in all, the first among
  them;
- long questions (:mod:`tests.benchmarks.dashboard_asked`) are asked before that: their forms and their pages, while
  they wait and once they are answered, count as pages, and how long the answers took is said beside them;
- the first page and everything that it makes a browser load are counted as they are sent;
- twenty events are handed to the dashboard's inbox one after the other, and each is waited for on an open page's line.
"""

import json
import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from pydantic import SecretStr

from tests.benchmarks.dashboard_asked import Question, ask_all
from tests.benchmarks.dashboard_events import STORE, Store
from tests.benchmarks.dashboard_fill import fill_both
from tests.benchmarks.dashboard_made import made, queue_form
from tests.benchmarks.dashboard_owners import Owners, beside, settle
from tests.benchmarks.dashboard_pages import Wanted, known_of, wanted
from tests.benchmarks.dashboard_served import Asked, Visitor, line_of_news, standing
from tests.benchmarks.errors import BenchError
from thaman_contracts.subjects import partition_of, upstream_of
from thaman_dashboard.testing import Streams
from thaman_dashboard.testing_pages import House, owners_at
from thaman_dashboard.testing_routes import entries
from thaman_kit.collector import calmed
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.migrate import migrate

PRODUCTS, EVENTS = 10_000, 1_000_000
REQUESTS, WARM, FEW, SLOW_MS = 40, 3, 3, 2_000.0
LIVE_EVENTS = 20
PAGE_MS, FIRST_PAGE_BYTES, LIVE_S = 150.0, 100_000, 2.0
"""The goals: p95 of a page, the first page as it is sent, and from an event to an open page."""

SERVICES = ("dashboard", "onboarding", "optimizer", "scheduler", "audit")
PASSWORD = "only-for-benchmarks"
_STATE = "filled.json"
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
Say = Callable[[str], None]


@dataclass(frozen=True)
class Page:
    """Milliseconds of the server for one page; ``kind`` is its media type, and files have no goal.

    ``processor_ms`` is the median of the processor time that went by, of PostgreSQL, dashboard, owners and browser
    together. On a busy machine the other figures say little, and this one nearly what they would be on a quiet one."""

    page: str
    kind: str
    requests: int
    p50_ms: float
    p95_ms: float
    max_ms: float
    processor_ms: float

    @property
    def is_over(self) -> bool:
        """Whether it is a page and misses the goal."""
        return self.kind == "text/html" and self.p95_ms > PAGE_MS


@dataclass(frozen=True)
class DashboardFigures:
    """What was found; bytes by address, seconds of each event until an open page heard of it."""

    products: int
    events: int
    pages: list[Page]
    first_page: dict[str, int]
    live_s: list[float] = field(default_factory=list)
    answers_s: dict[str, list[float]] = field(default_factory=dict)
    """Seconds from a long question to its answer; they have no goal, their pages have."""

    @property
    def missed(self) -> list[str]:
        """Goals that were missed, in words."""
        found = [f"{one.page}: p95 {one.p95_ms:.0f} ms, limit {PAGE_MS:.0f}" for one in self.pages if one.is_over]
        total = sum(self.first_page.values())
        if total > FIRST_PAGE_BYTES:
            found.append(f"the first page: {total:,} bytes, limit {FIRST_PAGE_BYTES:,}")
        if max(self.live_s) > LIVE_S:
            found.append(f"live: {max(self.live_s):.2f} s, limit {LIVE_S:.0f}")
        return found

    def document(self) -> dict[str, object]:
        """For machines."""
        sums = {"first_page_bytes": sum(self.first_page.values()), "live_max_s": max(self.live_s)}
        return asdict(self) | sums | {"missed": self.missed}

    def lines(self) -> list[str]:
        """For people, the slowest page first."""
        said = [f"dashboard: {self.products:,} products, {self.events:,} events; milliseconds of the server"]
        for one in sorted(self.pages, key=lambda page: -page.p95_ms):
            note = "  (missed)" if one.is_over else "" if one.kind == "text/html" else f"  ({one.kind})"
            figures = (
                f"p50 {one.p50_ms:7.1f}  p95 {one.p95_ms:7.1f}  max {one.max_ms:7.1f}  cpu {one.processor_ms:7.1f}"
            )
            said.append(f"  {one.page:64} {figures}{note}")
        said.append(f"  first page with what it loads: {sum(self.first_page.values()):,} bytes as sent")
        said.append(f"  live: {max(self.live_s):.2f} s at most, {statistics.median(self.live_s):.2f} s median")
        said += [f"  {name}: {', '.join(f'{one:.2f}' for one in took)} s to the answer"
                 for name, took in self.answers_s.items()]  # fmt: skip
        return said + [f"missed: {one}" for one in self.missed]


def measure(
    folder: Path, say: Say, products: int = PRODUCTS, events: int = EVENTS, requests: int = REQUESTS
) -> DashboardFigures:
    """Fill a server in ``folder``, unless one of this size is there from before, and measure.

    Raises:
        BenchError: a page does not answer, or there are others than known.
    """
    store = Store(products, events)
    state = _filled(folder, store, say)
    with EmbeddedPostgres(folder / "postgres", durable=True) as server, ExitStack() as stack:
        migrate(server.url, SERVICES, dict.fromkeys(SERVICES, PASSWORD))
        owners = Owners.at(_urls(server), stack)
        others = stack.enter_context(beside(_urls(server)))
        http = owners_at(state["key"], **others.addresses)
        stack.callback(http.close)
        house = House(owners.dashboard, http, live=True)
        visitor = stack.enter_context(standing(house, state["key_id"], (server.pid or 0, others.pid)))
        stack.enter_context(calmed())  # as in every process of a service
        known = known_of(owners.dashboard.application.database)
        known |= made(house, owners, visitor, http, state["key_id"], known["undo_decision"][-2:])
        # Of a measurement that was stopped, questions may be open, and this clock stands still.
        owners.dashboard.application.database.execute("DELETE FROM inquiries")
        answered, questions = ask_all(visitor, say)
        known |= answered
        pages = _pages(visitor, wanted(entries(house.app), known), requests, say)
        first_page = visitor.sizes("/")
        live = _live(house, visitor, store)
        pages += [*_asked(questions), _previewed(visitor, requests)]
    return DashboardFigures(products, events, pages, first_page, live, {one.name: one.seconds for one in questions})


def _urls(server: EmbeddedPostgres) -> dict[str, SecretStr]:
    return {
        name: SecretStr(server.url_for(server.database, user=f"{name}_app", password=PASSWORD)) for name in SERVICES
    }


def _filled(folder: Path, store: Store, say: Say) -> dict[str, Any]:
    """What is needed to go on with a filled server; filled first, where it is not. Nothing is durable meanwhile."""
    mark = folder / _STATE
    if mark.exists():
        state: dict[str, Any] = json.loads(mark.read_text())
        if (state["products"], state["events"]) != (store.products, store.events):
            raise BenchError(f"{folder} has {state['events']} events of {state['products']} products")
        say(f"goes on with what is in {folder}")
        return state
    with EmbeddedPostgres(folder / "postgres", durable=True, options=_NOT_DURABLE) as server, ExitStack() as stack:
        migrate(server.url, SERVICES, dict.fromkeys(SERVICES, PASSWORD))
        say(f"puts in {store.events:,} events of {store.products:,} products")
        places = fill_both(server.url, store)
        say("lets the owners know, and makes two runs")
        owners = Owners.at(_urls(server), stack)
        key = settle(owners, store, places)
        stack.pop_all().close()
        _analyze(server)
    state = {
        "products": store.products,
        "events": store.events,
        "key": key.key.get_secret_value(),
        "key_id": key.key_id,
    }
    mark.write_text(json.dumps(state))
    mark.chmod(0o600)
    say("is filled")
    return state


def _analyze(server: EmbeddedPostgres) -> None:
    """What autovacuum does a minute after."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _pages(visitor: Visitor, pages: list[Wanted], requests: int, say: Say) -> list[Page]:
    """All pages in turn, each time in another order."""
    taken: dict[str, list[Asked]] = {one.pattern: [] for one in pages}
    draw = random.Random(7)
    for number in range(-min(WARM, requests), requests):
        draw.shuffle(pages)
        for one in pages:
            if _is_enough(taken[one.pattern]):
                continue
            address = one.addresses[(number + WARM) % len(one.addresses)]
            asked = _good(address, visitor.get(address, _language(number)))
            if asked.milliseconds > SLOW_MS:
                say(f"{address}: {asked.milliseconds:,.0f} ms")
            if number >= 0 or asked.milliseconds > SLOW_MS:
                taken[one.pattern].append(asked)
        if number % 10 == 0:
            say(f"{number} of {requests} times all {len(pages)} pages")
    return [_page(pattern, found) for pattern, found in sorted(taken.items())]


def _asked(questions: list[Question]) -> Iterator[Page]:
    """The form of each long question, and its page while it waits."""
    for one in questions:
        yield _page(f"POST {one.name}", one.posted)
        if one.waiting:
            yield _page(f"{one.name}: its page, waiting", one.waiting)


def _previewed(visitor: Visitor, requests: int) -> Page:
    """What the approvals' form shows of all that it shows."""
    address, fields = "/approvals/preview", queue_form(visitor)
    taken = [
        _good(address, visitor.post(address, fields, _language(number)))
        for number in range(-min(WARM, requests), requests)
    ]
    return _page("POST approvals: all shown, previewed", taken[min(WARM, requests) :])


def _is_enough(taken: list[Asked]) -> bool:
    """Whether a slow page was asked for often enough."""
    return len(taken) >= FEW and min(one.milliseconds for one in taken) > SLOW_MS


def _language(number: int) -> str:
    return "ar" if number % 2 else "en"


def _good(address: str, asked: Asked) -> Asked:
    if asked.status != 200:
        raise BenchError(f"{address} answers {asked.status}: {asked.text[:500]}")
    return asked


def _page(name: str, taken: list[Asked]) -> Page:
    ordered = sorted(one.milliseconds for one in taken)
    p95 = ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)]
    spent = statistics.median(one.processor_ms for one in taken)
    found = (statistics.median(ordered), p95, ordered[-1], spent)
    # A form that leads on to a page has no media type of its own.
    return Page(name, taken[0].kind or "text/html", len(ordered), *(round(one, 1) for one in found))


def _heard_until(house: House, upstream: str) -> int:
    """How far the dashboard has heard a stream; a server that was filled before has heard of earlier measurements."""
    [row] = house.container.application.database.fetch_all(
        "SELECT max(notification_id) AS place FROM dashboard_tracking WHERE application_name = %(upstream)s",
        {"upstream": upstream},
    )
    return int(row["place"])


def _live(house: House, visitor: Visitor, store: Store) -> list[float]:
    """Seconds from handing an event to the dashboard's inbox to its news at an open page."""
    streams, feed = Streams(house.container), ("optimizer", partition_of(STORE))
    streams.positions["optimizer"] = streams.previous[feed] = _heard_until(house, upstream_of(*feed))
    found = []
    with line_of_news(visitor) as news:
        for _ in range(LIVE_EVENTS):
            event = store.live(streams.positions["optimizer"])
            began = time.perf_counter()
            streams.deliver(event)
            found.append(round(_heard(news, "approvals") - began, 3))
    return found


def _heard(news: Iterator[tuple[str, float]], wanted_part: str) -> float:
    return next(at for part, at in news if part == wanted_part)
