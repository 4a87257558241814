"""A store's history into the audit's ledger and the dashboard's tables, before any page is asked for.

The dashboard's tables are made by its own inbox, batch by batch, from the messages of the events. The ledger is made
beside the audit's inbox by :mod:`tests.benchmarks.ledger_fill`, with the very rows that this would make. Both are done
side by side by two processes, which make the same events and number them alike.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

from tests.benchmarks.dashboard_events import STORE, Store
from tests.benchmarks.errors import BenchError
from tests.benchmarks.ledger_fill import fill_with, ready_rows
from thaman_audit.bootstrap import build as build_audit
from thaman_audit.domain.linking import Arrival
from thaman_audit.domain.rows import Row
from thaman_audit.testing import Streams as AuditStreams
from thaman_audit.testing import settings_for as audit_settings
from thaman_contracts.ids import derived_id
from thaman_contracts.subjects import partition_of
from thaman_dashboard.bootstrap import build
from thaman_dashboard.testing import Streams, settings_for
from thaman_kit.collector import calmed

BATCH = 500
TOLD_EACH = 50_000
Say = Callable[[str], None]
_ROOT = Path(__file__).resolve().parents[2]
_URL = "THAMAN_BENCH_FILL_URL"


def fill_both(url: str, store: Store) -> dict[str, int]:
    """Fill both; ``url`` is of the role that migrated. Gives how far each service's stream is.

    Raises:
        BenchError: a process failed, or the two did not number alike.
    """
    command = [sys.executable, "-m", "tests.benchmarks.dashboard_fill", str(store.products), str(store.events)]
    processes = [
        subprocess.Popen([*command, part], cwd=_ROOT, env=os.environ | {_URL: url}, stdout=subprocess.PIPE, text=True)
        for part in _PARTS
    ]
    said = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes) or said[0] != said[1]:
        raise BenchError(f"the history could not be put in: {said}")
    places: dict[str, int] = json.loads(said[0])
    return places


def fill_dashboard(url: str, store: Store, say: Say) -> dict[str, int]:
    """The dashboard's tables, by its inbox."""
    with closing(build(settings_for(url))) as container, calmed():
        streams, history, done = Streams(container), store.history(), 0
        while batch := list(islice(history, BATCH)):
            streams.deliver(*batch)
            done += len(batch)
            if done % TOLD_EACH == 0:
                say(f"{done:,} of {store.events:,} events are in the dashboard")
        return streams.positions


def fill_audit(url: str, store: Store, say: Say) -> dict[str, int]:
    """The audit's ledger, by the same rows that its inbox makes."""
    with closing(build_audit(audit_settings(url))) as container:
        streams = AuditStreams(container)
        with calmed():
            fill_with(url, streams, [STORE], _arrivals(streams, store), store.events, say)
        return streams.positions


def _arrivals(streams: AuditStreams, store: Store) -> Iterator[tuple[Arrival, Sequence[tuple[str, Row]]]]:
    for event in store.history():
        service = event.service
        place = streams.positions[service] = streams.positions[service] + 1
        streams.previous[service, partition_of(STORE)] = place
        event_id = f"{derived_id('test', service, str(place))}:1"
        body, rows = ready_rows(event)
        yield Arrival(STORE, event_id, service, event.event_type(), place, event.occurred_at, body), rows


_PARTS = {"dashboard": fill_dashboard, "audit": fill_audit}


def main() -> int:
    """One process of :func:`fill_both`: products, events, and which of the two."""
    products, events, part = sys.argv[1:]

    def say(text: str) -> None:
        print(f"            {part}: {text}", file=sys.stderr, flush=True)

    places = _PARTS[part](os.environ[_URL], Store(int(products), int(events)), say)
    print(json.dumps(places))
    return 0


if __name__ == "__main__":
    sys.exit(main())
