"""What the dashboard itself knows: login links, sessions, and who answered which proposal.

No event tells it, so a rebuild leaves it alone; ``StoreForgotten`` takes a store's part of it away.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from thaman_dashboard.adapters.showing import session_of, shown
from thaman_dashboard.errors import SpentLink
from thaman_dashboard.views import AnswerView, LinkView, Role, SessionView
from thaman_kit.database import Database, load_queries

_queries = partial(load_queries, "thaman_dashboard", "adapters/own_state.sql")


class StateTables:
    """Reads and writes the tables of the dashboard's own. Blocking. Hashes are SHA-256 of the secrets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_link(self, link_hash: bytes, store_id: str, role: Role, expires_at: datetime) -> None:
        """Keep a login link until somebody uses it."""
        row = {"hash": link_hash, "store_id": store_id, "role": role.value, "expires_at": expires_at}
        self._database.execute(_queries()["add_link"], row)

    def link(self, link_hash: bytes, now: datetime) -> LinkView | None:
        """A link that would still open a session; looking does not spend it."""
        row = self._database.fetch_one(_queries()["link"], {"hash": link_hash, "now": now})
        return None if row is None else shown(LinkView, row, role=Role(row["role"]))

    def use_link(self, link_hash: bytes, session: SessionView) -> SessionView:
        """Spend a link at ``session.created_at`` and open a session, both or neither.

        Returns:
            the session as it is stored: its store and role are the link's.

        Raises:
            SpentLink: it was used already, has expired, or never was.
        """
        row = self._database.fetch_one(_queries()["use_link"], asdict(session) | {"link_hash": link_hash})
        if row is None:
            raise SpentLink
        return session_of(row)

    def session(self, session_hash: bytes, now: datetime, idle: timedelta) -> SessionView | None:
        """A session that has not ended and was seen within ``idle``; it counts as seen at ``now``."""
        query = {"hash": session_hash, "now": now, "since": now - idle}
        row = self._database.fetch_one(_queries()["session"], query)
        return None if row is None else session_of(row)

    def sessions(self, store_id: str, now: datetime) -> tuple[SessionView, ...]:
        """A store's sessions that have not ended, last seen first."""
        rows = self._database.fetch_all(_queries()["sessions"], {"store_id": store_id, "now": now})
        return tuple(session_of(row) for row in rows)

    def end_session(self, store_id: str, session_hash: bytes) -> bool:
        """End one session of a store; whether there was one."""
        return self._database.execute(_queries()["end_session"], {"store_id": store_id, "hash": session_hash}) > 0

    def note_answer(self, answer: AnswerView) -> None:
        """Note who answered a proposal; a later answer of a session replaces its own."""
        self._database.execute(_queries()["note_answer"], asdict(answer) | {"role": answer.role.value})

    def answers(self, store_id: str, proposal_id: UUID) -> tuple[AnswerView, ...]:
        """Who answered a proposal, oldest first."""
        found = self._database.fetch_all(_queries()["answers"], {"store_id": store_id, "proposal_id": proposal_id})
        return tuple(
            shown(AnswerView, row, session_hash=bytes(row["session_hash"]), role=Role(row["role"])) for row in found
        )

    def clean(self, now: datetime) -> int:
        """Remove links that have expired and sessions that have ended; gives how many."""
        row = self._database.fetch_one(_queries()["clean"], {"now": now})
        assert row is not None, "a SELECT without FROM has one row"
        return int(row["removed"])
