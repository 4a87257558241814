"""Operators' links, sessions and log, and the stores taken together."""

from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from thaman_dashboard.adapters.searching import like
from thaman_dashboard.adapters.showing import shown
from thaman_dashboard.errors import SpentLink
from thaman_dashboard.operator_views import LogLine, OperatorDeed, OperatorSession, StoreLine, Totals
from thaman_dashboard.views import Page, RunState
from thaman_kit.cursors import seal, unseal
from thaman_kit.database import Database, load_queries

_queries = partial(load_queries, "thaman_dashboard", "adapters/operator_state.sql")


class OperatorTables:
    """Implements :class:`thaman_dashboard.operator_ports.OperatorState`. Blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_link(self, link_hash: bytes, key_id: str, expires_at: datetime) -> None:
        """See :class:`~thaman_dashboard.operator_ports.OperatorState`."""
        self._run("add_link", hash=link_hash, key_id=key_id, expires_at=expires_at)

    def link(self, link_hash: bytes, now: datetime) -> datetime | None:
        """See :class:`~thaman_dashboard.operator_ports.OperatorState`."""
        return next((row["expires_at"] for row in self._all("link", hash=link_hash, now=now)), None)

    def use_link(self, link_hash: bytes, session: OperatorSession) -> OperatorSession:
        """See :class:`~thaman_dashboard.operator_ports.OperatorState`."""
        rows = self._all("use_link", **asdict(session) | {"link_hash": link_hash})
        if not rows:
            raise SpentLink
        return _session(rows[0])

    def session(self, session_hash: bytes, now: datetime, idle: timedelta) -> OperatorSession | None:
        """See :class:`~thaman_dashboard.operator_ports.OperatorState`."""
        rows = self._all("session", hash=session_hash, now=now, since=now - idle)
        return _session(rows[0]) if rows else None

    def end_session(self, session_hash: bytes) -> None:
        """See :class:`~thaman_dashboard.operator_ports.OperatorState`."""
        self._run("end_session", hash=session_hash)

    def note(
        self, session: OperatorSession, at: datetime, deed: OperatorDeed, store_id: str | None, detail: str | None
    ) -> None:
        """See :class:`~thaman_dashboard.operator_ports.OperatorState`."""
        of = {"key_id": session.key_id, "session_hash": session.hash}
        self._run("note", at=at, deed=deed.value, store_id=store_id, detail=detail, **of)

    def log(self, after: str | None = None, limit: int = 50) -> Page[LogLine]:
        """See :class:`~thaman_dashboard.operator_ports.OperatorState`."""
        [last] = unseal("operator_log", after, int) if after else [None]
        rows = self._all("log", id=last, limit=limit + 1)
        items = tuple(shown(LogLine, row, deed=OperatorDeed(row["deed"])) for row in rows[:limit])
        return Page(items, seal("operator_log", rows[limit - 1]["id"]) if len(rows) > limit else None)

    def stores(self, search: str | None = None, after: str | None = None, limit: int = 50) -> Page[StoreLine]:
        """See :class:`~thaman_dashboard.operator_ports.OperatorState`."""
        [last] = unseal("operator_stores", after, str) if after else [None]
        rows = self._all("stores", after=last, pattern=like(search), limit=limit + 1)
        items = tuple(_store(row) for row in rows[:limit])
        return Page(items, seal("operator_stores", rows[limit - 1]["store_id"]) if len(rows) > limit else None)

    def totals(self) -> Totals:
        """See :class:`~thaman_dashboard.operator_ports.OperatorState`."""
        return shown(Totals, self._all("totals")[0])

    def clean(self, now: datetime) -> int:
        """Remove links and sessions that have ended; gives how many."""
        return int(self._all("clean", now=now)[0]["removed"])

    def _all(self, query: str, **params: Any) -> list[dict[str, Any]]:
        return self._database.fetch_all(_queries()[query], params)

    def _run(self, query: str, **params: Any) -> None:
        self._database.execute(_queries()[query], params)


def _session(row: dict[str, Any]) -> OperatorSession:
    return shown(OperatorSession, row, hash=bytes(row["hash"]))


def _store(row: dict[str, Any]) -> StoreLine:
    state = row["last_run_state"]
    return shown(StoreLine, row, last_run_state=None if state is None else RunState(state))
