"""Questions over which an owner works for long: their pages are there at once, and a part beside these asks.

Nothing is changed by such a question, so that it may be asked twice: who dies while asking leaves it as ``running``,
and whoever finds it unseen for a while asks again.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from thaman_dashboard.inquiry_ports import Inquiries, Inquiry, Kind, Progress, Room, State, Tell
from thaman_dashboard.owner_ports import OwnerAway, OwnerError, OwnerRefused
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.views import SessionView
from thaman_kit.clock import Clock
from thaman_kit.logging import get_logger
from thaman_kit.periodic import Periodic

ROOM = Room(of_store=5, altogether=100)
AT_ONCE = 4
"""Questions that one process asks side by side: threads that wait for owners, who have bounds of their own."""

EVERY_S = 0.25
SEEN_EVERY = timedelta(seconds=1)
UNSEEN = timedelta(seconds=20)
"""Who asked and was not seen for so long has died: a database that is away for a moment is none."""

MOST_TRIES = 3
"""Whoever asked died as often with this question: it is left, and the page says so."""

INTERRUPTED = "interrupted"
"""The refusal of a question that nobody could ask to its end."""

NEEDED: Mapping[Kind, Deed | None] = {Kind.WALK: None, Kind.EFFECT: Deed.SETTINGS, Kind.WHAT_IF: Deed.POLICIES}
"""What a role has to permit for a question and for its answer; a chain is everybody's to prove."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """How a kind of question is asked of its owner, by store and what is asked; and what the answer is."""

    ask: Callable[[str, Mapping[str, Any], Tell], Any]
    answer: TypeAdapter[Any]


class Inquiring:
    """What a session can ask, and what came of it. Every method acts on the session's store and no other.

    Raises (each of them):
        NotAllowed: the role does not permit it.
    """

    def __init__(self, inquiries: Inquiries, questions: Mapping[Kind, Question], clock: Clock) -> None:
        self._inquiries = inquiries
        self._questions = questions
        self._clock = clock

    def ask(self, session: SessionView, kind: Kind, **asked: Any) -> UUID:
        """Keep a question; one that is open already is the same one.

        Raises:
            TooManyInquiries: there is no room for one more.
        """
        _permit(session, kind)
        return self._inquiries.keep(session, kind, asked, self._clock.now(), ROOM)

    def find(self, session: SessionView, kind: Kind, inquiry_id: UUID) -> Inquiry | None:
        """A question of the store, whoever asked it."""
        _permit(session, kind)
        return self._inquiries.find(session.store_id, kind, inquiry_id)

    def latest_open(self, session: SessionView, kind: Kind) -> UUID | None:
        """The question of a kind whose answer is still to come."""
        _permit(session, kind)
        return self._inquiries.latest_open(session.store_id, kind)

    def answer(self, inquiry: Inquiry) -> Any:
        """The owner's answer as it was given; ``None`` where there is none."""
        if inquiry.state is not State.ANSWERED:
            return None
        return self._questions[inquiry.kind].answer.validate_python(inquiry.answer)


class Asker:
    """Asks owners what is kept. Any number of processes may do it side by side, each a few questions at once."""

    def __init__(self, inquiries: Inquiries, questions: Mapping[Kind, Question], clock: Clock) -> None:
        self._inquiries = inquiries
        self._questions = questions
        self._clock = clock
        self._under_way: dict[UUID, tuple[Inquiry, Progress]] = {}
        self._seen_at = clock.now()

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until told to stop; what is under way then is for another process."""
        await Periodic("inquiries", self.round, EVERY_S).run(stop)
        await asyncio.to_thread(self.put_back)

    def round(self) -> None:
        """Say that what is under way goes on, and begin what there is room for."""
        now = self._clock.now()
        if now - self._seen_at >= SEEN_EVERY:
            self._inquiries.seen(list(self._under_way.values()), now)
            self._seen_at = now
        while len(self._under_way) < AT_ONCE and (inquiry := self._next()) is not None:
            # An owner works longer than a process that is told to stop may wait.
            threading.Thread(target=self._carry, args=(inquiry,), name="inquiry", daemon=True).start()

    def ask_next(self) -> bool:
        """Ask the next question in this thread; whether there was one."""
        inquiry = self._next()
        if inquiry is not None:
            self._carry(inquiry)
        return inquiry is not None

    def put_back(self) -> None:
        """Leave what is under way to whoever comes next; an answer that still comes is dropped."""
        left, self._under_way = self._under_way, {}
        try:
            for inquiry, _ in left.values():
                self._inquiries.put_back(inquiry)
        except Exception as error:
            # They are found unseen a little later.
            log.warning("inquiries_left", count=len(left), reason=f"{type(error).__name__}: {error}")

    def _next(self) -> Inquiry | None:
        """The next question to ask. One that was begun too often is none."""
        now = self._clock.now()
        while (inquiry := self._inquiries.claim(now, now - UNSEEN)) is not None:
            if inquiry.tries <= MOST_TRIES:
                self._under_way[inquiry.inquiry_id] = inquiry, Progress()
                return inquiry
            self._inquiries.settle(inquiry, now, refusal=INTERRUPTED)
            self._note(inquiry, INTERRUPTED)
        return None

    def _carry(self, inquiry: Inquiry) -> None:
        """Ask, and keep the answer. Where it cannot be kept, the question is found unseen and asked again."""
        try:
            answer, refusal = self._asked(inquiry)
            if self._inquiries.settle(inquiry, self._clock.now(), answer=answer, refusal=refusal):
                self._note(inquiry, refusal)
        except Exception:
            if inquiry.inquiry_id in self._under_way:
                log.exception("inquiry_not_kept", kind=inquiry.kind.value, store_id=inquiry.store_id)
        finally:
            self._under_way.pop(inquiry.inquiry_id, None)

    def _asked(self, inquiry: Inquiry) -> tuple[Any, str | None]:
        """The owner's answer as JSON, or the code of why there is none."""
        question, (_, progress) = self._questions[inquiry.kind], self._under_way[inquiry.inquiry_id]
        try:
            told = question.ask(inquiry.store_id, inquiry.asked, progress.tell)
            return question.answer.dump_python(told, mode="json"), None
        except OwnerRefused as error:
            return None, error.code
        except OwnerError as error:
            log.warning("inquiry_unanswered", kind=inquiry.kind.value, store_id=inquiry.store_id, reason=str(error))
            return None, "owner_away" if isinstance(error, OwnerAway) else "owner_unsure"
        except Exception:
            log.exception("inquiry_broke_off", kind=inquiry.kind.value, store_id=inquiry.store_id)
            return None, INTERRUPTED

    def _note(self, inquiry: Inquiry, refusal: str | None) -> None:
        seconds = round(inquiry.lasted(self._clock.now()).total_seconds(), 3)
        said = {"kind": inquiry.kind.value, "store_id": inquiry.store_id, "tries": inquiry.tries, "seconds": seconds}
        log.info("inquiry_settled", **said, refusal=refusal)


@dataclass(frozen=True, slots=True)
class InquiryParts:
    """What pages of long questions are given, and what asks these beside them."""

    inquiring: Inquiring
    asker: Asker


def _permit(session: SessionView, kind: Kind) -> None:
    deed = NEEDED[kind]
    if deed is not None:
        require(session.role, deed)
