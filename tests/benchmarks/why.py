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

from tests.benchmarks.ledger_events import HOURS, ITEMS, run
from thaman_audit.bootstrap import Container, build
from thaman_audit.testing import NOW, Streams, settings_for
from thaman_audit.why import why
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.migrate import migrate

STORE, PASSWORD = "77", "only-for-benchmarks"
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
            taken = sorted(ask(container, STORE, until, questions))
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
        for batch in run(STORE, number):
            streams.deliver(*batch)
            told += len(batch)
        if number % 20 == 0:
            say(f"{told:,} events")
    return told, NOW + timedelta(hours=HOURS * (number + 1))


def ask(container: Container, store: str, until: datetime, questions: int) -> Iterator[float]:
    """Milliseconds of each; the first questions load what others then have and are not counted."""
    draw = random.Random(7)
    seconds = int((until - NOW).total_seconds())
    for number in range(-20, questions):
        item, at = str(draw.randint(1, ITEMS)), NOW + timedelta(seconds=draw.randint(0, seconds))
        began = time.perf_counter()
        why(container.tables, store, item, at, until)
        taken = (time.perf_counter() - began) * 1_000
        if number >= 0:
            yield taken
