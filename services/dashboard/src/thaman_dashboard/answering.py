"""Answers to proposals: kept for ten seconds in which they can be taken back, then told to their owner.

An answer is told at least once and takes effect at most once: a process that dies while telling it leaves it as
``sending``, and whoever finds it so asks the owner again, who closes a proposal only once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from thaman_dashboard.answer_ports import Answers, Queue
from thaman_dashboard.answer_views import AnswerState, GivenAnswer
from thaman_dashboard.owner_ports import Answered, OwnerAway, OwnerError, OwnerRefused, Owners
from thaman_dashboard.patience import until
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.ports import ReadModels
from thaman_dashboard.views import ProposalState, ProposalView, SessionView
from thaman_kit.clock import Clock
from thaman_kit.logging import get_logger

GRACE = timedelta(seconds=10)
AT_ONCE = 100
"""Proposals that one call to the owner answers."""

ABANDONED = timedelta(seconds=60)
"""Who began to tell the owner so long ago has died: no call takes that long."""

_MOST_DUE = 500
_LONGEST_PAUSE_S = 60
_CLOSED_FOR_GOOD = frozenset(("proposal_closed", "inputs_changed", "not_found"))
_WANTED = {True: "decided", False: "rejected"}
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an answer to proposals.

    ``refused`` gives each refusal's code. ``waits`` says that the owner is told later; else ``shown`` says whether the
    pages show it already.
    """

    done: int
    refused: tuple[str, ...]
    waits: bool
    shown: bool = True


class Sender:
    """Tells owners what merchants answered. Blocking; any number of processes may do it side by side."""

    def __init__(self, owners: Owners, answers: Answers, clock: Clock) -> None:
        self._owners = owners
        self._answers = answers
        self._clock = clock

    def send_due(self) -> int:
        """Tell all that is due; how many answers were settled. Owners that are away are told later."""
        settled = 0
        for group in self._claimed(None):
            try:
                settled += len(self._tell(group))
            except OwnerError as error:
                log.warning("answers_untold", store_id=group[0].store_id, count=len(group), reason=str(error))
        return settled

    def send(self, batch: UUID) -> list[Answered]:
        """Tell the answers of a batch now.

        Raises:
            OwnerError: not all could be told. What surely was not done is refused for good; of what may have been done
                the owner is asked again later.
        """
        told: list[Answered] = []
        for group in self._claimed(batch):
            told += self._tell(group, again=False)
        return told

    def _claimed(self, batch: UUID | None) -> list[list[GivenAnswer]]:
        """What is due, in groups that one call can tell."""
        now = self._clock.now()
        found = self._answers.claim(now, now - ABANDONED, _MOST_DUE, batch)
        found.sort(key=lambda one: (one.store_id, one.approved, one.reason or "", str(one.proposal_id)))
        groups = groupby(found, key=lambda one: (one.store_id, one.approved, one.reason))
        return [part for _, group in groups for part in _parts(list(group))]

    def _tell(self, group: Sequence[GivenAnswer], *, again: bool = True) -> list[Answered]:
        """Tell one group, and note what the owner said of each; ``again``: where it is away, try later."""
        store_id, approved = group[0].store_id, group[0].approved
        try:
            if approved:
                told = self._owners.approve(store_id, {one.proposal_id: one.shown_digest for one in group})
            else:
                told = self._owners.reject(store_id, [one.proposal_id for one in group], group[0].reason)
        except OwnerAway:
            for one in group:
                self._not_told(one, again=again)
            raise
        except OwnerRefused as error:
            told = [Answered(one.proposal_id, "refused", error.code) for one in group]
        by_id = {one.proposal_id: one for one in told}
        return [self._settle(one, by_id.get(one.proposal_id), is_told=not again) for one in group]

    def _not_told(self, answer: GivenAnswer, *, again: bool) -> None:
        now = self._clock.now()
        if again:
            pause = timedelta(seconds=min(2 ** min(answer.tries, 6), _LONGEST_PAUSE_S))
            self._answers.put_back(answer, now + pause)
        else:
            self._answers.settle(answer, AnswerState.REFUSED, "owner_away", now, is_told=True)

    def _settle(self, answer: GivenAnswer, told: Answered | None, *, is_told: bool) -> Answered:
        said = told or Answered(answer.proposal_id, "refused", "not_found")
        if said.outcome == "refused" and said.code == "proposal_closed" and answer.tries > 1:
            said = self._done_before(answer, said)
        refusal = (said.code or "refused") if said.outcome == "refused" else None
        state = AnswerState.DONE if refusal is None else AnswerState.REFUSED
        self._answers.settle(answer, state, refusal, self._clock.now(), is_told=is_told)
        return said

    def _done_before(self, answer: GivenAnswer, said: Answered) -> Answered:
        """An earlier try may have closed the proposal without our hearing of it: then that is no refusal."""
        if self._owners.proposal_state(answer.store_id, answer.proposal_id) != _WANTED[answer.approved]:
            return said
        return Answered(answer.proposal_id, "approved" if answer.approved else "rejected")


class Answering:
    """What a session can answer. Every method acts on the session's store and no other.

    Raises (each of them):
        NotAllowed: the role does not permit it; nothing was done.
    """

    def __init__(
        self,
        answers: Answers,
        sender: Sender,
        read_models: ReadModels,
        clock: Clock,
        *,
        grace: timedelta = GRACE,
        patience: float,
    ) -> None:
        """``grace`` is how long an answer can be taken back; with none the owner is told at once, and the pages are
        waited for as long as ``patience`` seconds."""
        self._answers = answers
        self._sender = sender
        self._read_models = read_models
        self._clock = clock
        self._grace = grace
        self._patience = patience

    def answer(
        self, session: SessionView, shown: Mapping[UUID, str], *, approved: bool, reason: str | None = None
    ) -> Outcome:
        """Let proposals through, or refuse them; ``shown`` gives the digest that was on the screen for each.

        Raises:
            OwnerError: without grace, the owner is away, or nobody knows.
        """
        require(session.role, Deed.ANSWER)
        now = self._clock.now()
        due_at = now + self._grace
        kept = self._answers.keep(session, shown, approved=approved, reason=reason, now=now, due_at=due_at)
        if self._grace or not kept.ids:
            return Outcome(len(kept.ids), kept.refused, waits=bool(kept.ids))
        told = self._sender.send(kept.batch)
        refused = [one.code or "refused" for one in told if one.outcome == "refused"]
        shows = self._shows(told, session)
        return Outcome(len(told) - len(refused), (*kept.refused, *refused), waits=False, shown=shows)

    def take_back(self, session: SessionView, batch: UUID) -> int:
        """Withdraw what the owner was not told yet; how many answers."""
        require(session.role, Deed.ANSWER)
        return self._answers.take_back(session.store_id, batch, self._clock.now())

    def mark_seen(self, session: SessionView) -> None:
        """The refusals were read."""
        require(session.role, Deed.ANSWER)
        self._answers.mark_seen(session.store_id, self._clock.now())

    def _shows(self, told: Sequence[Answered], session: SessionView) -> bool:
        closed = [one for one in told if one.outcome != "refused" or one.code in _CLOSED_FOR_GOOD]

        def shows() -> bool:
            return not any(_is_pending(self._read_models.proposal(session.store_id, one.proposal_id)) for one in closed)

        return until(shows, self._patience)


def _parts(group: list[GivenAnswer]) -> list[list[GivenAnswer]]:
    return [group[start : start + AT_ONCE] for start in range(0, len(group), AT_ONCE)]


def _is_pending(proposal: ProposalView | None) -> bool:
    return proposal is not None and proposal.state is ProposalState.PENDING


def refused_since(now: datetime) -> datetime:
    """From when on refusals are told: those of a day ago nobody waits for."""
    return now - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ApprovalParts:
    """What the pages of approvals are given."""

    queue: Queue
    answers: Answers
    answering: Answering
    sender: Sender
