"""Notifications from the read models, and the table of what people chose."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from uuid import UUID

from thaman_dashboard.adapters.showing import shown
from thaman_dashboard.notifications import KINDS, MOST, NotificationView, Wishes
from thaman_dashboard.views import SessionView
from thaman_kit.database import Database, load_queries

_queries = partial(load_queries, "thaman_dashboard", "adapters/notifications.sql")

EVENTS: Mapping[str, str] = {
    "StorePaused": "stopped",
    "PriceApplyUncertain": "uncertain",
    "ReauthorizationRequired": "reconnect",
    "StoreUninstalled": "reconnect",
    "OptimizationFailed": "failed",
    "PriceApplyFailed": "failed",
}
"""Lines of the timeline that are told of, and the kind of each."""


class NotificationTables:
    """Implements :class:`thaman_dashboard.notifications.Notifications`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def wishes(self, store_id: str, person_id: UUID) -> Wishes:
        """See :class:`~thaman_dashboard.notifications.Notifications`."""
        row = self._database.fetch_one(_queries()["wishes"], {"store_id": store_id, "person_id": person_id})
        return Wishes() if row is None else Wishes(tuple(row["kinds"]), row["read_until"])

    def choose(self, store_id: str, person_id: UUID, kinds: tuple[str, ...]) -> None:
        """See :class:`~thaman_dashboard.notifications.Notifications`."""
        row = {"store_id": store_id, "person_id": person_id, "kinds": list(kinds)}
        self._database.execute(_queries()["choose"], row)

    def read(self, store_id: str, person_id: UUID, until: datetime) -> None:
        """See :class:`~thaman_dashboard.notifications.Notifications`."""
        row = {"store_id": store_id, "person_id": person_id, "kinds": list(KINDS), "until": until}
        self._database.execute(_queries()["read"], row)

    def listed(self, store_id: str, kinds: tuple[str, ...], since: datetime) -> tuple[NotificationView, ...]:
        """See :class:`~thaman_dashboard.notifications.Notifications`."""
        wanted = {
            "store_id": store_id,
            "kinds": list(kinds),
            "kinds_of": json.dumps(dict(EVENTS)),
            "events": [event for event, kind in EVENTS.items() if kind in kinds],
            "since": since,
            "most": MOST,
        }
        return tuple(shown(NotificationView, row) for row in self._database.fetch_all(_queries()["listed"], wanted))

    def unread(self, session: SessionView, now: datetime) -> int:
        """See :class:`~thaman_dashboard.notifications.Notifications`."""
        if session.person_id is None:
            return 0
        wishes = self.wishes(session.store_id, session.person_id)
        return len(self.listed(session.store_id, wishes.kinds, wishes.since(now))) if wishes.kinds else 0
