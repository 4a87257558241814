"""Questions over which an owner works for long: what is kept of them, and what keeping them needs of the world."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from thaman_dashboard.views import SessionView


class Kind(StrEnum):
    """What is asked: a walk along the store's chain, what other settings would do, what a policy would."""

    WALK = "walk"
    EFFECT = "effect"
    WHAT_IF = "what_if"


class State(StrEnum):
    """How a question stands; see the table's migration."""

    ASKED = "asked"
    RUNNING = "running"
    ANSWERED = "answered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One question. ``asked`` and ``answer`` are JSON; ``done`` of ``total`` are known where the owner says how far it
    is, ``refusal`` is the code of why there is no answer, ``tries`` how often somebody began to ask."""

    store_id: str
    inquiry_id: UUID
    kind: Kind
    asked: Mapping[str, Any]
    state: State
    asked_at: datetime
    tries: int
    done: int | None
    total: int | None
    answer: Any
    refusal: str | None
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether an answer is still to come."""
        return self.state in (State.ASKED, State.RUNNING)

    def lasted(self, now: datetime) -> timedelta:
        """How long it has been open, or was."""
        return max((self.ended_at or now) - self.asked_at, timedelta(0))


@dataclass(slots=True)
class Progress:
    """How far an owner is, as far as it says so; the thread that asks writes it, the one that tells of it reads."""

    done: int | None = None
    total: int | None = None

    def tell(self, done: int, total: int) -> None:
        """So many of so many."""
        self.done, self.total = done, total


Tell = Callable[[int, int], None]
"""Hears how far an owner is: so many of so many."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many questions may be open at once: of a store, and altogether."""

    of_store: int
    altogether: int


class Inquiries(Protocol):
    """Questions, kept by the dashboard for a day. A rebuild leaves them, a forgotten store takes them along."""

    def keep(self, session: SessionView, kind: Kind, asked: Mapping[str, Any], now: datetime, room: Room) -> UUID:
        """Keep a question; one that is open already is the same one.

        Raises:
            TooManyInquiries: there is no room for one more.
        """

    def find(self, store_id: str, kind: Kind, inquiry_id: UUID) -> Inquiry | None:
        """One of the store."""

    def latest_open(self, store_id: str, kind: Kind) -> UUID | None:
        """The store's open question of a kind that was asked last."""

    def claim(self, now: datetime, abandoned: datetime) -> Inquiry | None:
        """Take the next question to ask it: one that nobody asks while none of its kind and store is under way, or one
        whose asker was not seen since ``abandoned``. Nobody else gets it meanwhile."""

    def seen(self, under_way: Sequence[tuple[Inquiry, Progress]], now: datetime) -> None:
        """Whoever claimed these is still at it, and this far."""

    def settle(self, inquiry: Inquiry, now: datetime, *, answer: Any = None, refusal: str | None = None) -> bool:
        """What became of it; whether whoever claimed it still has a say."""

    def put_back(self, inquiry: Inquiry) -> None:
        """Nobody asks it any more; somebody else may."""
