"""How long "why this price" takes to answer on a long record: ``make bench ARGS=--why``.

One store whose runs change the price of every item, each with three rivals' offers, told to the ledger through the
audit's own inbox. Then items and instants are drawn and asked about, one after the other, on one connection.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from thaman_audit.bootstrap import Container, build
from thaman_audit.testing import NOW, Streams, settings_for
from thaman_audit.testing_why import Pricing
from thaman_audit.why import why
from thaman_contracts.events import EventData
from thaman_contracts.events.onboarding import CatalogObserved
from thaman_contracts.events.optimizer import Offer, OffersObserved, OptimizationCompleted
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.migrate import migrate

STORE, PASSWORD = "77", "only-for-benchmarks"
ITEMS, RIVALS, HOURS = 200, 3, 12
CATALOGUE_PAGE, OFFERS_PAGE, BATCH = 60, 200, 400
LIMIT_MS = 50.0
"""What the slowest of a hundred may take."""


@dataclass(frozen=True)
class WhyFigures:
    """Milliseconds of one answer, words included."""

    events: int
    items: int
    questions: int
    p50_ms: float
    p99_ms: float
    slowest_ms: float

    def document(self) -> dict[str, object]:
        """For machines."""
        return asdict(self)

    def lines(self) -> list[str]:
        """For people."""
        return [
            f"why this price: {self.questions:,} questions, {self.items} items, {self.events:,} events of one store",
            f"  {'p50':24} {self.p50_ms:8.1f} ms",
            f"  {'p99':24} {self.p99_ms:8.1f} ms  (limit {LIMIT_MS:.0f})",
            f"  {'slowest':24} {self.slowest_ms:8.1f} ms",
        ]


def measure_why(folder: Path, say: Callable[[str], None], events: int = 100_000, questions: int = 1_000) -> WhyFigures:
    """Fill a ledger with at least so many events, and ask."""
    server = EmbeddedPostgres(folder / "postgres", durable=False)
    try:
        admin = server.start().url
        migrate(admin, ["audit"], {"audit": PASSWORD})
        url = server.url_for(urlsplit(admin).path.removeprefix("/"), user="audit_app", password=PASSWORD)
        with closing(build(settings_for(url))) as container:
            told, until = _fill(container, events, say)
            _analyze(admin)
            say(f"{told:,} events are in the ledger; {questions:,} questions")
            taken = sorted(_ask(container, until, questions))
    finally:
        server.destroy()
    last = len(taken) - 1
    return WhyFigures(told, ITEMS, questions, taken[last // 2], taken[last * 99 // 100], taken[last])


def _analyze(admin: str) -> None:
    """What autovacuum does a minute after, so that every measurement has the plans of a ledger that is in use."""
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("ANALYZE audit.ledger, audit.item_events, audit.price_history")


def _fill(container: Container, events: int, say: Callable[[str], None]) -> tuple[int, datetime]:
    streams, told, number = Streams(container), 0, 0
    while told < events:
        number += 1
        for batch in _run(number):
            streams.deliver(*batch)
            told += len(batch)
        if number % 20 == 0:
            say(f"{told:,} events")
    return told, NOW + timedelta(hours=HOURS * (number + 1))


def _run(number: int) -> Iterator[list[EventData]]:
    """One run over all items, in batches of what one service says next."""
    old, new = (10_000, 9_900) if number % 2 else (9_900, 10_000)
    each = [
        Pricing(STORE, old + item, new + item, str(item), cause=f"r{number}", hours=HOURS * number)
        for item in range(1, ITEMS + 1)
    ]
    yield list(_catalogue(each))
    linked, asked, begun, _, handed_over = each[0].market()
    yield [asked]
    yield [*([one.market()[0] for one in each] if number == 1 else [linked]), begun, *_offers(each), handed_over]
    for start in range(0, ITEMS, BATCH // 2):
        part = each[start : start + BATCH // 2]
        yield [event for one in part for event in (one.proposed(), one.decided())]
        yield [event for one in part for event in (one.started(), one.applied()[0])]
    yield [each[0].run.event(OptimizationCompleted, timedelta(minutes=3))]


def _catalogue(each: list[Pricing]) -> Iterator[CatalogObserved]:
    for start in range(0, ITEMS, CATALOGUE_PAGE):
        pages = [one.seen() for one in each[start : start + CATALOGUE_PAGE]]
        yield pages[0].model_copy(update={"items": tuple(page.items[0] for page in pages)})


def _offers(each: list[Pricing]) -> Iterator[OffersObserved]:
    pages = [one.offers() for one in each]
    offers: list[Offer] = [
        page.offers[0].model_copy(update={"url": f"{page.offers[0].url}/{rival}", "competitor": f"rival {rival}"})
        if rival
        else page.offers[0]
        for rival in range(RIVALS)
        for page in pages
    ]
    for start in range(0, len(offers), OFFERS_PAGE):
        yield pages[0].model_copy(update={"offers": tuple(offers[start : start + OFFERS_PAGE])})


def _ask(container: Container, until: datetime, questions: int) -> Iterator[float]:
    """Milliseconds of each; the first questions load what others then have and are not counted."""
    draw = random.Random(7)
    seconds = int((until - NOW).total_seconds())
    for number in range(-20, questions):
        item, at = str(draw.randint(1, ITEMS)), NOW + timedelta(seconds=draw.randint(0, seconds))
        began = time.perf_counter()
        why(container.tables, STORE, item, at, until)
        taken = (time.perf_counter() - began) * 1_000
        if number >= 0:
            yield taken
