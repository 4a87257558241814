"""Runs and what is to be done, as the read models and the optimizer have them."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from thaman_dashboard.adapters.owners_http import OwnersHttp
from thaman_dashboard.adapters.showing import shown
from thaman_dashboard.owner_ports import OwnerError
from thaman_dashboard.run_views import HeldItem, HeldReason, Needs, RunRecord
from thaman_dashboard.views import Page
from thaman_kit.cursors import seal, unseal
from thaman_kit.database import Database, load_queries
from thaman_kit.logging import get_logger

RECORD_TIMEOUT = 2.0
"""The record adorns a page; nobody waits long for it."""

_queries = partial(load_queries, "thaman_dashboard", "adapters/runs.sql")
log = get_logger(__name__)


class RunsReading:
    """Implements :class:`thaman_dashboard.run_ports.RunReading`. Blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def judged(self, store_id: str, run_id: UUID) -> int:
        """See :class:`~thaman_dashboard.run_ports.RunReading`."""
        return int(self._all("judged", store_id=store_id, run_id=run_id)[0]["count"])

    def held_reasons(self, store_id: str, run_id: UUID) -> tuple[HeldReason, ...]:
        """See :class:`~thaman_dashboard.run_ports.RunReading`."""
        return tuple(shown(HeldReason, row) for row in self._all("held_reasons", store_id=store_id, run_id=run_id))

    def held_items(
        self, store_id: str, run_id: UUID, reason: str, *, after: str | None = None, limit: int = 50
    ) -> Page[HeldItem]:
        """See :class:`~thaman_dashboard.run_ports.RunReading`."""
        [place] = unseal("held", after, str) if after else [None]
        wanted = {"run_id": run_id, "reason": reason.replace("\0", "\ufffd"), "after": place, "limit": limit + 1}
        rows = self._all("held_items", store_id=store_id, **wanted)
        cursor = seal("held", rows[limit - 1]["item_key"]) if len(rows) > limit else None
        return Page(tuple(shown(HeldItem, row) for row in rows[:limit]), cursor)

    def needs(self, store_id: str, now: datetime) -> Needs:
        """See :class:`~thaman_dashboard.run_ports.RunReading`."""
        return shown(Needs, self._all("needs", store_id=store_id, now=now)[0])

    def _all(self, query: str, **params: Any) -> list[dict[str, Any]]:
        return self._database.fetch_all(_queries()[query], params)


class HttpRunOwner:
    """Implements :class:`thaman_dashboard.run_ports.RunOwner`. Use it from threads."""

    def __init__(self, http: OwnersHttp) -> None:
        """``http`` asks."""
        self._http = http

    def record(self, store_id: str, run_id: UUID) -> RunRecord | None:
        """See :class:`~thaman_dashboard.run_ports.RunOwner`."""
        address = f"/stores/{store_id}/runs/{run_id}"
        try:
            told: dict[str, Any] = self._http.ask("optimizer", "GET", address, timeout=RECORD_TIMEOUT).json()
        except OwnerError as error:
            log.info("run_record_unknown", reason=str(error))
            return None
        reasons = told.get("hold_reasons") or {}
        return RunRecord(tuple(HeldReason(reason, count) for reason, count in reasons.items()), told)
