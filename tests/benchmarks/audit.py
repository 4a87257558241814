"""How fast the ledger is written, proven and asked, and how that grows: `make bench ARGS="--audit --events 1000000"`.

The events are those of :mod:`tests.benchmarks.ledger_events`, ten stores in turn, or as many as `--stores` says. They
go into an embedded PostgreSQL, durable and with as much memory as the deployed one: chains, read models and tracking.
The last hundred thousand at most go through the real inboxes, one transaction a batch, on as many threads as a worker
has and in batches of 200 at most, and that is *ingest*, with NATS left out; those before them, which only make the
ledger long, are put in by :mod:`tests.benchmarks.ledger_fill`. Then a checkpoint is sealed, and of the whole ledger:

- *verify*: everything is proven as by `thaman audit verify`;
- *export*, *verify_file*: one store is exported and proven by the single-file verifier;
- *replay*: one store is made again as by `thaman replay`, its empty database included;
- *why*: 300 questions about prices of one store, milliseconds.

Rates are events a second, one run each.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import psycopg

from tests.benchmarks.deployed import deployed_settings
from tests.benchmarks.errors import BenchError
from tests.benchmarks.ledger_events import HOURS, ITEMS, events_of
from tests.benchmarks.ledger_fill import fill
from tests.benchmarks.why import ask
from thaman_audit.adapters.moment import Moment
from thaman_audit.adapters.side_by_side import chains_of
from thaman_audit.adapters.signing import is_signed
from thaman_audit.bootstrap import Container, build
from thaman_audit.ledger_export import export_lines
from thaman_audit.proving import Prover
from thaman_audit.testing import KEY, NOW, Streams, settings_for, signing_key
from thaman_audit.testing_proofs import verify
from thaman_cli.replaying.chain import Chain
from thaman_cli.replaying.rebuilding import rebuilt_chain
from thaman_kit import telemetry
from thaman_kit.collector import calmed
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.inbox import Delivery
from thaman_kit.migrate import migrate

SMALLEST, DEFAULT = 10_000, 100_000
STORES = 10
BATCH, THREADS = 200, 4
TIMED = 100_000
QUESTIONS = 300


@dataclass(frozen=True)
class Rates:
    """Events a second at one size, by what was done; how large the timed events are on average, in bytes; and
    milliseconds of an answer to "why this price"."""

    events: int
    mean_bytes: int
    ingest: int
    verify: int
    export: int
    verify_file: int
    replay: int
    why_p50_ms: float
    why_p99_ms: float

    def line(self) -> str:
        """For people."""
        done = f"ingest {self.ingest:,}, verify {self.verify:,}, export {self.export:,}, a file {self.verify_file:,},"
        done += f" replay {self.replay:,}; why {self.why_p50_ms:.1f} ms, p99 {self.why_p99_ms:.1f} ms"
        return f"  {self.events:>9,} events of {self.mean_bytes} bytes: {done}"


def sizes_to(events: int) -> tuple[int, ...]:
    """From ten thousand to so many, ten times as many each."""
    sizes = [events]
    while sizes[0] // 10 >= SMALLEST:
        sizes.insert(0, sizes[0] // 10)
    return tuple(sizes)


def measure(folder: Path, say: Callable[[str], None], events: int = DEFAULT, stores: int = STORES) -> list[Rates]:
    """Measure each size on a database of its own.

    Raises:
        BenchError: what was written does not hold.
    """
    telemetry.setup("audit")  # as a worker does: spans that nobody hears cost little
    with EmbeddedPostgres(folder / "postgres", durable=True, options=deployed_settings()) as server:
        found = []
        for size in sizes_to(events):
            url = server.create_database(f"audit_{size}")
            migrate(url, ["audit"])
            found.append(rates_of(url, size, [str(7_000 + number) for number in range(stores)], say))
        return found


def document(rates: list[Rates]) -> list[dict[str, float]]:
    """For machines."""
    return [asdict(rate) for rate in rates]


def rates_of(url: str, size: int, stores: list[str], say: Callable[[str], None]) -> Rates:
    """Fill an empty ledger and measure everything on it."""
    container = build(settings_for(url, audit_keys=KEY))
    try:
        ingest, volume = _write(container, url, size, stores, say)
        assert container.sealer is not None
        container.sealer.seal_if_due()
        with psycopg.connect(url, autocommit=True) as connection:  # what autovacuum does a minute after
            connection.execute("ANALYZE audit.ledger, audit.item_events, audit.price_history")
        say(f"{size:,} events are in the ledger")
        answers = _ask(container, size, stores)
    finally:
        container.close()
    verified, exported, checked, own = _prove(url, size, stores[0])
    say(f"{size:,} events are proven")
    return Rates(
        size,
        volume // min(size, TIMED),
        round(min(size, TIMED) / ingest),
        round(size / verified),
        round(own / exported),
        round(own / checked),
        round(own / replay(url, stores[0], own)),
        *answers,
    )


def _ask(container: Container, size: int, stores: list[str]) -> tuple[float, float]:
    """Milliseconds of an answer, the median and the slowest of a hundred."""
    runs = size // len(stores) // (4 * ITEMS)
    until = NOW + timedelta(hours=HOURS * (runs + 1))
    taken = sorted(ask(container, stores[0], until, QUESTIONS))
    return round(taken[len(taken) // 2], 1), round(taken[len(taken) * 99 // 100], 1)


def _prove(url: str, size: int, store: str) -> tuple[float, float, float, int]:
    """Seconds of the proof, an export, and its proof; and how many entries were exported."""
    with Moment.of(url) as ledger:
        began = time.perf_counter()
        prover = Prover(ledger, is_signed, [signing_key().public_key])
        proof = prover.prove(ledger.store_ids(), lambda *_: None, chains_of(url, ledger))
        proven = time.perf_counter() - began
        if proof.broken is not None or proof.entries != size:
            raise BenchError(f"{proof.entries} of {size} entries hold: {proof.broken}")
        began = time.perf_counter()
        lines = list(export_lines(ledger, store))
        exported = time.perf_counter() - began
    began = time.perf_counter()
    found = verify(lines)
    checked = time.perf_counter() - began
    if not found["ok"]:
        raise BenchError(f"an export does not hold: {found['broken']}")
    return proven, exported, checked, len(lines) - 1


def replay(url: str, store: str, entries: int) -> float:
    """Seconds that one store's read models take to be made again."""
    began = time.perf_counter()
    with Moment.of(url) as ledger:
        chain = Chain(ledger, store, datetime.max.replace(tzinfo=UTC))
        with rebuilt_chain(url, chain) as connection:
            took = time.perf_counter() - began
            prices = connection.execute("SELECT count(*) AS items FROM audit.prices").fetchone()
    if chain.entries != entries or not prices or not prices["items"]:
        raise BenchError(f"{chain.entries} of {entries} entries were replayed, {prices}")
    return took


def _write(
    container: Container, url: str, size: int, stores: list[str], say: Callable[[str], None]
) -> tuple[float, int]:
    """Seconds and bytes of the last events. Making events and messages is not timed, handing them to inboxes is."""
    streams, before = Streams(container), max(0, size - TIMED)
    fill(url, streams, stores, before, say)
    feeds = streams.batches(list(islice(events_of(stores, before), size - before)), BATCH)
    volume = sum(len(delivery.body) for _, deliveries in feeds for delivery in deliveries)
    with calmed():  # as in every worker
        began = time.perf_counter()
        _take(streams, feeds)
        return time.perf_counter() - began, volume


def _take(streams: Streams, feeds: Sequence[tuple[tuple[str, int], list[Delivery]]]) -> None:
    """Each feed's batches in their order, feeds beside each other, as a worker takes them."""
    by_feed: dict[tuple[str, int], list[list[Delivery]]] = defaultdict(list)
    for feed, deliveries in feeds:
        by_feed[feed].append(deliveries)

    def take(feed: tuple[str, int]) -> None:
        for deliveries in by_feed[feed]:
            streams.take(feed, deliveries)

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(take, feed) for feed in by_feed]:
            done.result()
