"""Our own tables as the audit's pages read them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

from thaman_dashboard.adapters.showing import shown
from thaman_dashboard.audit_ports import AppliedPrice, TimelineWish
from thaman_dashboard.views import ActivityView, Page
from thaman_kit.cursors import seal, unseal
from thaman_kit.database import Database, load_queries

_queries = partial(load_queries, "thaman_dashboard", "adapters/audit_reading.sql")


class AuditReading:
    """Implements :class:`thaman_dashboard.audit_ports.AuditRows`."""

    def __init__(self, database: Database) -> None:
        """``database`` has the dashboard's tables."""
        self._database = database

    def timeline(self, store_id: str, wish: TimelineWish, after: str | None, limit: int) -> Page[ActivityView]:
        """See :class:`~thaman_dashboard.audit_ports.AuditRows`."""
        place = unseal("timeline", after, datetime.fromisoformat, str, str) if after else (None, None, None)
        given = asdict(wish) | dict(zip(("at", "service", "event_id"), place, strict=True))
        rows = self._all("timeline", store_id=store_id, limit=limit + 1, **given)
        following = None
        if len(rows) > limit:
            last = rows[limit - 1]
            following = seal("timeline", last["at"].isoformat(), last["service"], last["event_id"])
        return Page(tuple(shown(ActivityView, row) for row in rows[:limit]), following)

    def kinds(self, store_id: str) -> tuple[str, ...]:
        """See :class:`~thaman_dashboard.audit_ports.AuditRows`."""
        return tuple(row["kind"] for row in self._all("kinds", store_id=store_id))

    def applied(self, store_id: str, item: str | None, after: str | None, limit: int) -> Page[AppliedPrice]:
        """See :class:`~thaman_dashboard.audit_ports.AuditRows`."""
        at, event_id = unseal("applied", after, datetime.fromisoformat, str) if after else (None, None)
        rows = self._all("applied", store_id=store_id, item=item, at=at, event_id=event_id, limit=limit + 1)
        following = None
        if len(rows) > limit:
            following = seal("applied", rows[limit - 1]["at"].isoformat(), rows[limit - 1]["event_id"])
        return Page(tuple(shown(AppliedPrice, row) for row in rows[:limit]), following)

    def applied_one(self, store_id: str, event_id: str) -> AppliedPrice | None:
        """See :class:`~thaman_dashboard.audit_ports.AuditRows`."""
        rows = self._all("applied_one", store_id=store_id, event_id=event_id)
        return shown(AppliedPrice, rows[0]) if rows else None

    def names(self, store_id: str, keys: Sequence[str]) -> Mapping[str, str | None]:
        """See :class:`~thaman_dashboard.audit_ports.AuditRows`."""
        rows = self._all("names", store_id=store_id, keys=list(keys))
        return {row["item_key"]: row["name"] for row in rows}

    def _all(self, query: str, **params: Any) -> list[dict[str, Any]]:
        # A text with a NUL is in no row, and PostgreSQL refuses to look for it.
        if any(isinstance(value, str) and "\0" in value for value in params.values()):
            return []
        return self._database.fetch_all(_queries()[query], params)
