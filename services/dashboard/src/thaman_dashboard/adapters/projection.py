"""Read models follow the streams: what a unit of work brings is written at once, one writer for a store at a time."""

from datetime import datetime
from functools import partial
from weakref import WeakKeyDictionary

from psycopg import Cursor
from psycopg.rows import DictRow

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import EventData
from thaman_contracts.ids import SYSTEM
from thaman_dashboard.domain.folds import fold
from thaman_dashboard.domain.rows import Rows
from thaman_dashboard.live import announcement
from thaman_kit.application import UnitOfWork
from thaman_kit.database import load_queries

TABLES = (
    "stores", "system", "items", "prices", "proposals", "held", "holds", "decisions", "links", "offers",
    "offer_points", "runs", "activity", "market_weeks", "orders", "sales_weeks", "offer_moves",
)  # fmt: skip
"""The tables that events make, all of them; with no column that events do not tell."""

_SHOWN: dict[str, tuple[str, ...]] = {
    "proposal_made": ("approvals",),
    "proposal_closed": ("approvals",),
    "run_asked": ("runs",),
    "run_known": ("runs",),
    "run_told": ("runs",),
    "item_ruled": ("runs",),
    "activity": ("activity",),
}
"""By statement, the parts of open pages that show what it stores; the overview shows something of everything."""

_queries = partial(load_queries, "thaman_dashboard", "adapters/projection.sql")


class Batch:
    """What one unit of work brings."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._rows = Rows()
        self._heard: dict[str, datetime] = {}
        self._news: dict[str, set[str]] = {}
        unit.run("let the read models follow", self._write)

    def take(self, event: EventData, envelope: Envelope) -> None:
        """One more event."""
        store_id = event.store_id
        self._heard[store_id] = max(self._heard.get(store_id, event.occurred_at), event.occurred_at)
        before = len(self._rows)
        fold(event, envelope, self._rows)
        self._news.setdefault(store_id, {"overview"}).update(
            part for statement in self._rows.statements(before) for part in _SHOWN.get(statement, ())
        )

    def _write(self, cursor: Cursor[DictRow]) -> None:
        queries = _queries()
        cursor.execute(queries["lock"].encode(), {"stores": sorted(self._heard)})
        heard = [{"store_id": store_id, "at": at} for store_id, at in self._heard.items() if store_id != SYSTEM]
        if heard:
            cursor.executemany(queries["heard"].encode(), heard)
        for statement, rows in self._rows.together():
            cursor.executemany(queries[statement].encode(), rows)
        for store_id in sorted(self._heard):
            cursor.execute(queries["tell"].encode(), {"payload": announcement(store_id, self._news[store_id])})


class Batches:
    """The batch of each unit of work."""

    def __init__(self) -> None:
        self._batches: WeakKeyDictionary[UnitOfWork, Batch] = WeakKeyDictionary()

    def take(self, event: EventData, envelope: Envelope, unit: UnitOfWork) -> None:
        """Let the read models follow an event, in the transaction of its unit."""
        batch = self._batches.get(unit)
        if batch is None:
            batch = self._batches[unit] = Batch(unit)
        batch.take(event, envelope)
