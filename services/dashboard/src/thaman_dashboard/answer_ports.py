"""What the approval queue needs of the world. Every question about a store takes the store first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from thaman_dashboard.answer_views import (
    AnswerState,
    GivenAnswer,
    Kept,
    OpenBatch,
    QueueFilter,
    QueueOrder,
    QueueRow,
    QueueShape,
    RefusedAnswer,
)
from thaman_dashboard.views import Page, SessionView


class Queue(Protocol):
    """Proposals that wait for an answer which nobody has given yet."""

    def waiting(
        self,
        store_id: str,
        wanted: QueueFilter,
        *,
        order: QueueOrder = QueueOrder.EXPIRY,
        after: str | None = None,
        limit: int = 25,
    ) -> Page[QueueRow]:
        """A page of them.

        Raises:
            BadCursor: ``after`` is no cursor of this order.
        """

    def shape(self, store_id: str, wanted: QueueFilter) -> QueueShape:
        """How many fit, and what can be filtered by."""

    def these(self, store_id: str, ids: Sequence[UUID]) -> tuple[QueueRow, ...]:
        """Those of ``ids`` that still wait, in the order of the queue."""


class Answers(Protocol):
    """Answers, kept by the dashboard until their owner is told. A rebuild leaves them, a forgotten store takes them."""

    def keep(
        self,
        session: SessionView,
        shown: Mapping[UUID, str],
        *,
        approved: bool,
        reason: str | None,
        now: datetime,
        due_at: datetime,
    ) -> Kept:
        """Keep an answer to each proposal of the session's store that still has none; ``shown`` are the digests that
        were on the screen."""

    def take_back(self, store_id: str, batch: UUID, now: datetime) -> int:
        """Withdraw what the owner was not told yet; how many."""

    def given(self, store_id: str, proposal_id: UUID) -> tuple[GivenAnswer, ...]:
        """The answers to a proposal, oldest first."""

    def open(self, store_id: str) -> tuple[OpenBatch, ...]:
        """What the owner does not know yet, soonest first."""

    def refused(self, store_id: str, since: datetime) -> tuple[RefusedAnswer, ...]:
        """Refusals since then that nobody has read, newest first, at most ten."""

    def mark_seen(self, store_id: str, now: datetime) -> None:
        """The refusals were read."""

    def claim(self, now: datetime, abandoned: datetime, limit: int, batch: UUID | None = None) -> list[GivenAnswer]:
        """Take answers that are due, or that somebody began to send before ``abandoned``, to send them; nobody else
        gets them meanwhile. With ``batch``, those alone."""

    def settle(
        self, answer: GivenAnswer, state: AnswerState, refusal: str | None, now: datetime, *, is_told: bool = False
    ) -> None:
        """The owner knows; what it said. ``is_told``: whoever answered hears it now, so a refusal waits for nobody."""

    def put_back(self, answer: GivenAnswer, due_at: datetime) -> None:
        """The owner surely was not told; it is tried again then, and may be taken back until then."""
