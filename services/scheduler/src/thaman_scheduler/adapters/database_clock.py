"""The database's clock: one time for all replicas, whatever their machines believe."""

from datetime import datetime
from functools import partial

from thaman_kit.database import Database, load_queries

_queries = partial(load_queries, "thaman_scheduler", "adapters/queries.sql")


class DatabaseClock:
    """A :class:`thaman_kit.clock.Clock` that asks PostgreSQL; call it from threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> datetime:
        """The present moment in UTC."""
        row = self._database.fetch_one(_queries()["now"])
        assert row is not None, "the query always returns one row"
        now: datetime = row["now"]
        return now
