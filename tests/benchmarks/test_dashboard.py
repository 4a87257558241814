"""The dashboard's benchmark at a small size: its history is what it says, and every page is asked for and answers."""

from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.benchmarks import dashboard
from tests.benchmarks.dashboard_asked import TIMES
from tests.benchmarks.dashboard_events import Store
from tests.benchmarks.dashboard_fill import fill_audit
from thaman_audit.bootstrap import build
from thaman_audit.testing import READ_MODELS, Streams, settings_for
from thaman_kit.embedded.databases import Databases
from thaman_kit.migrate import migrate
from thaman_kit.testing import own_database, postgres_server  # noqa: F401

SMALL = Store(60, 1_200)


def test_a_history_has_as_many_events_as_wanted_and_is_the_same_every_time() -> None:
    events = list(SMALL.history())
    assert len(events) == SMALL.events and events == list(SMALL.history())
    kinds = Counter(type(event).__name__ for event in events)
    assert kinds["PriceHeld"] > kinds["PriceProposed"] > kinds["PriceApplied"] > 0
    assert kinds["OptimizationCompleted"] == SMALL.runs > 10


def test_the_filled_ledger_is_the_one_that_the_inboxes_make(postgres_server: Databases) -> None:  # noqa: F811
    with own_database(postgres_server) as filled, own_database(postgres_server) as delivered:
        for url in (filled, delivered):
            migrate(url, ["audit"])
        fill_audit(filled, SMALL, print)
        with closing(build(settings_for(delivered))) as container:
            Streams(container).deliver(*SMALL.history())
            expected = _rows(container)
        with closing(build(settings_for(filled))) as container:
            assert container.ledger.verify("77").ok
            assert _rows(container) == expected


def _rows(container: Any) -> dict[str, list[str]]:
    """Everything but what tells the moment of making, and the order in which streams were read."""
    database = container.application.database
    made = {
        table: [row["row"] for row in database.fetch_all(f"SELECT to_jsonb(t)::text AS row FROM {table} t ORDER BY 1")]
        for table in READ_MODELS
    }
    entries = "SELECT service, position, event_id, type, occurred_at::text, encode(data, 'hex') AS data FROM ledger"
    rows = database.fetch_all(f"{entries} ORDER BY service, position")
    return made | {"ledger": [str(row) for row in rows]}


def test_every_page_is_asked_for_and_what_misses_a_goal_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    figures = dashboard.measure(tmp_path, print, SMALL.products, SMALL.events, requests=1)
    assert len(figures.pages) > 90 and all(page.requests >= 1 and page.p95_ms > 0 for page in figures.pages)
    assert "/" in figures.first_page and len(figures.first_page) > 3
    assert len(figures.live_s) == dashboard.LIVE_EVENTS
    assert len(figures.answers_s) == 4 and all(len(took) == TIMES for took in figures.answers_s.values())
    assert {f"POST {name}" for name in figures.answers_s} < {page.page for page in figures.pages}
    slow = dashboard.Page("/x", "text/html", 1, 151.0, 151.0, 151.0, 9.0)
    assert dashboard.DashboardFigures(1, 1, [slow], {"/": 100_001}, [2.1]).missed == [
        "/x: p95 151 ms, limit 150", "the first page: 100,001 bytes, limit 100,000", "live: 2.10 s, limit 2",
    ]  # fmt: skip
