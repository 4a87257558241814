"""What the dashboard itself knows of who comes in: login links and sessions.

No event tells it, so a rebuild leaves it alone; ``StoreForgotten`` takes a store's part of it away.
"""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from thaman_dashboard.adapters.people import linked_person, lock_store, open_session
from thaman_dashboard.adapters.showing import session_of, shown
from thaman_dashboard.errors import SpentLink
from thaman_dashboard.views import LinkView, Role, SessionView
from thaman_kit.database import Database, load_queries

_queries = partial(load_queries, "thaman_dashboard", "adapters/own_state.sql")


class StateTables:
    """Reads and writes the tables of the dashboard's own. Blocking. Hashes are SHA-256 of the secrets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_link(
        self, link_hash: bytes, store_id: str, role: Role, expires_at: datetime, person_id: UUID | None = None
    ) -> None:
        """Keep a login link until somebody uses it; one that is known already stays as it is."""
        row = {"hash": link_hash, "store_id": store_id, "role": role.value, "expires_at": expires_at}
        self._database.execute(_queries()["add_link"], row | {"person_id": person_id})

    def link(self, link_hash: bytes, now: datetime) -> LinkView | None:
        """A link that would still open a session; looking does not spend it."""
        row = self._database.fetch_one(_queries()["link"], {"hash": link_hash, "now": now})
        return None if row is None else shown(LinkView, row, role=Role(row["role"]))

    def use_link(self, link_hash: bytes, session: SessionView) -> SessionView:
        """Spend a link at ``session.created_at`` and open a session, both or neither.

        Returns:
            the session as it is stored: of the link's store, and of its person or of whom such links mean there.

        Raises:
            SpentLink: it was used already, has expired, or never was.
        """
        at = session.created_at
        with self._database.transaction() as cursor:
            # The store's lock comes before any row's, as where a store is forgotten.
            known = cursor.execute(_queries()["link_of"].encode(), {"hash": link_hash}).fetchone()
            if known is not None:
                lock_store(cursor, known["store_id"])
            spent = cursor.execute(_queries()["spend_link"].encode(), {"hash": link_hash, "now": at}).fetchone()
            if spent is None:
                raise SpentLink
            store_id, person_id = spent["store_id"], spent["person_id"]
            if person_id is None:
                person_id = linked_person(cursor, store_id, spent["role"], at)
            return open_session(cursor, session, store_id, person_id)

    def session(
        self, session_hash: bytes, now: datetime, idle: timedelta, *, is_use: bool = True
    ) -> SessionView | None:
        """A session that has not ended and was seen within ``idle``; it counts as seen at ``now``, if this is a use."""
        query = {"hash": session_hash, "now": now, "since": now - idle, "is_use": is_use}
        row = self._database.fetch_one(_queries()["session"], query)
        return None if row is None else session_of(row)

    def sessions(self, store_id: str, now: datetime) -> tuple[SessionView, ...]:
        """A store's sessions that have not ended, last seen first."""
        rows = self._database.fetch_all(_queries()["sessions"], {"store_id": store_id, "now": now})
        return tuple(session_of(row) for row in rows)

    def end_session(self, store_id: str, session_hash: bytes) -> bool:
        """End one session of a store; whether there was one."""
        return self._database.execute(_queries()["end_session"], {"store_id": store_id, "hash": session_hash}) > 0

    def clean(self, now: datetime) -> int:
        """Remove links that have expired and sessions that have ended; gives how many."""
        row = self._database.fetch_one(_queries()["clean"], {"now": now})
        assert row is not None, "a SELECT without FROM has one row"
        return int(row["removed"])
