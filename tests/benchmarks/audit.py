"""How fast the ledger is written and proven: `make bench ARGS="--audit"`.

The events are made by :func:`events`: ten stores in turn, each with price changes told in seven events (asked for,
started, proposed, decided, completed, write begun, applied) and a look at one item after each. They go through the real
inbox, as a worker's do, in batches of 200 at most, into an embedded PostgreSQL with fsync on: chains, read models and
tracking, one transaction a batch. NATS is left out. Then a checkpoint is sealed, the whole ledger is proven as by
`thaman audit verify`, one store's export by the single-file verifier, and one store is made again as by
`thaman replay`, its empty database included. Rates are events a second, one run each.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from tests.benchmarks.errors import BenchError
from thaman_audit.adapters.moment import Moment
from thaman_audit.adapters.signing import is_signed
from thaman_audit.bootstrap import Container, build
from thaman_audit.ledger_export import export_lines
from thaman_audit.proving import Prover
from thaman_audit.testing import KEY, Streams, settings_for, signing_key
from thaman_audit.testing_events import observed, price_change
from thaman_audit.testing_proofs import verify
from thaman_cli.replaying.chain import Chain
from thaman_cli.replaying.rebuilding import rebuilt
from thaman_contracts.events import EventData
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.migrate import migrate

SIZES = (10_000, 100_000)
STORES = [str(7_000 + number) for number in range(10)]
BATCH = 200


@dataclass(frozen=True)
class Rates:
    """Events a second at one size, by what was done; and how large the events are on average, in bytes."""

    events: int
    mean_bytes: int
    ingest: int
    verify: int
    export: int
    verify_file: int
    replay: int

    def line(self) -> str:
        """For people."""
        done = f"ingest {self.ingest:,}, verify {self.verify:,}, export {self.export:,}, a file {self.verify_file:,},"
        done += f" replay {self.replay:,}"
        return f"  {self.events:>9,} events of {self.mean_bytes} bytes: {done}"


def measure(folder: Path, say: Callable[[str], None], sizes: tuple[int, ...] = SIZES) -> list[Rates]:
    """Measure each size on a database of its own.

    Raises:
        BenchError: what was written does not hold.
    """
    with EmbeddedPostgres(folder / "postgres", durable=True) as server:
        found = []
        for size in sizes:
            say(f"{size:,} events")
            url = server.create_database(f"audit_{size}")
            migrate(url, ["audit"])
            found.append(_rates(url, size))
        return found


def document(rates: list[Rates]) -> list[dict[str, int]]:
    """For machines."""
    return [asdict(rate) for rate in rates]


def events(count: int) -> Iterator[EventData]:
    """The same events every time, the stores in turn."""
    return islice(_endless(), count)


def _endless() -> Iterator[EventData]:
    turn = 0
    while True:
        for store in STORES:
            old, new = 10_000 + turn % 50, 9_900 + turn % 50
            yield from price_change(store, str(turn % 500 + 1), old, new, cause=f"r{turn}", minutes=turn)
            yield observed(store, (str(turn % 500 + 1), new), minutes=turn)
        turn += 1


def _rates(url: str, size: int) -> Rates:
    container = build(settings_for(url, audit_keys=KEY))
    try:
        ingest, volume = _ingest(container, size)
        assert container.sealer is not None
        container.sealer.seal_if_due()
    finally:
        container.close()
    with Moment.of(url) as ledger:
        began = time.perf_counter()
        proof = Prover(ledger, is_signed, [signing_key().public_key]).prove(ledger.store_ids(), lambda *_: None)
        proven = time.perf_counter() - began
        if proof.broken is not None or proof.entries != size:
            raise BenchError(f"{proof.entries} of {size} entries hold: {proof.broken}")
        began = time.perf_counter()
        lines = list(export_lines(ledger, STORES[0]))
        exported = time.perf_counter() - began
    began = time.perf_counter()
    found = verify(lines)
    checked = time.perf_counter() - began
    if not found["ok"]:
        raise BenchError(f"an export does not hold: {found['broken']}")
    own = len(lines) - 1
    return Rates(
        size,
        volume // size,
        round(size / ingest),
        round(size / proven),
        round(own / exported),
        round(own / checked),
        round(own / _replay(url, own)),
    )


def _replay(url: str, entries: int) -> float:
    """Seconds that one store's read models take to be made again."""
    began = time.perf_counter()
    with Moment.of(url) as ledger:
        chain = Chain(ledger, STORES[0], datetime.max.replace(tzinfo=UTC))
        with rebuilt(url, chain.events()) as connection:
            took = time.perf_counter() - began
            prices = connection.execute("SELECT count(*) AS items FROM audit.prices").fetchone()
    if chain.entries != entries or not prices or not prices["items"]:
        raise BenchError(f"{chain.entries} of {entries} entries were replayed, {prices}")
    return took


def _ingest(container: Container, size: int) -> tuple[float, int]:
    """Seconds and bytes. Making events and messages is not timed, handing them to the inbox is."""
    streams, seconds, volume = Streams(container), 0.0, 0
    made = events(size)
    while batch := list(islice(made, BATCH * 10)):
        feeds = streams.batches(batch, BATCH)
        volume += sum(len(delivery.body) for _, deliveries in feeds for delivery in deliveries)
        began = time.perf_counter()
        for feed, deliveries in feeds:
            streams.take(feed, deliveries)
        seconds += time.perf_counter() - began
    return seconds, volume
