"""What the operator's pages need of the world."""

from datetime import datetime, timedelta
from typing import Protocol

from thaman_dashboard.operator_views import LogLine, OperatorDeed, OperatorSession, StoreLine, Totals
from thaman_dashboard.views import Page


class OperatorState(Protocol):
    """Operators' links, sessions and log, and the stores taken together. Hashes are SHA-256 of the secrets."""

    def add_link(self, link_hash: bytes, key_id: str, expires_at: datetime) -> None:
        """Keep a link until somebody uses it."""

    def link(self, link_hash: bytes, now: datetime) -> datetime | None:
        """When a link ends that would still open a session; looking does not spend it."""

    def use_link(self, link_hash: bytes, session: OperatorSession) -> OperatorSession:
        """Spend a link at ``session.created_at`` and open a session of its key, both or neither; the log has it.

        Raises:
            SpentLink: it was used already, has expired, never was, or its key does not work any more.
        """

    def session(self, session_hash: bytes, now: datetime, idle: timedelta) -> OperatorSession | None:
        """A session that has not ended, was seen within ``idle`` and whose key still works; it is seen now."""

    def end_session(self, session_hash: bytes) -> None:
        """End a session."""

    def note(
        self, session: OperatorSession, at: datetime, deed: OperatorDeed, store_id: str | None, detail: str | None
    ) -> None:
        """Write down what an operator is about to do."""

    def log(self, after: str | None = None, limit: int = 50) -> Page[LogLine]:
        """What operators did, newest first."""

    def stores(self, search: str | None = None, after: str | None = None, limit: int = 50) -> Page[StoreLine]:
        """All stores by their number; ``search`` is a part of name, address or number."""

    def totals(self) -> Totals:
        """The stores taken together."""


class SystemOwner(Protocol):
    """Who owns the settings of the whole installation; may raise what owners raise."""

    def stop(self, *, stopped: bool) -> None:
        """Stop all writing of all stores, or allow it again."""
