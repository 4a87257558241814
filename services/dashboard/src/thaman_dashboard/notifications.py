"""What a merchant is told: kinds, the things themselves, and what each person chose and has read."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from thaman_dashboard.views import SessionView

KINDS = ("approvals", "stopped", "uncertain", "floors", "reconnect", "failed")
"""What there is to hear of; who chose nothing hears of all."""

REACH = timedelta(days=30)
"""How far back notifications go."""
MOST = 100
"""More than these are neither listed nor counted."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person wants to hear of at a store, and up to when they have read it; ``None``: nothing yet."""

    kinds: tuple[str, ...] = KINDS
    read_until: datetime | None = None

    def since(self, now: datetime) -> datetime:
        """What happened after this is new."""
        reach = now - REACH
        return reach if self.read_until is None else max(reach, self.read_until)


@dataclass(frozen=True, slots=True)
class NotificationView:
    """One thing to be told of. ``count`` prices of a run are one thing; what an event says comes in its words."""

    kind: str
    at: datetime
    count: int | None
    item_key: str | None
    said_ar: str | None
    said_en: str | None


class Notifications(Protocol):
    """Reads what there is to tell of, and keeps what each person chose. Blocking."""

    def wishes(self, store_id: str, person_id: UUID) -> Wishes:
        """What a person chose; everything where they chose nothing."""

    def choose(self, store_id: str, person_id: UUID, kinds: tuple[str, ...]) -> None:
        """What a person wants to hear of from now on."""

    def read(self, store_id: str, person_id: UUID, until: datetime) -> None:
        """They have read all up to an instant; never back."""

    def listed(self, store_id: str, kinds: tuple[str, ...], since: datetime) -> tuple[NotificationView, ...]:
        """What there is of some kinds after an instant, newest first, :data:`MOST` at most."""

    def unread(self, session: SessionView, now: datetime) -> int:
        """How many are new to whom a session is of."""
