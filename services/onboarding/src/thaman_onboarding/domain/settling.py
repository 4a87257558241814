"""What to do with a decided price now: the writer's one decision table, pure.

A write whose outcome is unknown is settled by what Salla shows. Seeing the target proves that it was written. Seeing
the old price proves nothing while a call may still be on its way, so nothing final is concluded from it before the
call has certainly ended; sending the same absolute price again is harmless meanwhile.
"""

from dataclasses import dataclass, field
from uuid import UUID

from thaman_contracts.events.optimizer import PriceDecided
from thaman_kit.domain import EventMeta
from thaman_onboarding.domain.last_moment import (
    Circumstances,
    Stale,
    stale_before_reading,
    stale_by_price,
)
from thaman_onboarding.domain.price_write import WriteState

BULK = "bulk"


@dataclass(frozen=True, slots=True)
class WritePolicy:
    """How the writer behaves; numbers of seconds unless said otherwise."""

    attempts: int = 4
    """Attempts with an unknown outcome after which a still unchanged price counts as a failure."""
    bulk_threshold: int = 10
    """Simple products written at once from which one queued call is cheaper than one call each."""
    bulk_size: int = 100
    """Most products in one queued call."""
    bulk_poll: float = 0.4
    """First look after a queued call; later looks wait longer, up to ``poll_cap``."""
    bulk_deadline: float = 300.0
    """A queued call that does not show after so long is taken for lost."""
    settle_grace: float = 45.0
    """After so long a single call has certainly ended at Salla; longer than our own timeout."""
    first_backoff: float = 0.2
    poll_cap: float = 30.0
    inline_wait: float = 1.0
    """Shorter waits keep the job in hand; longer ones give it back."""
    recheck: float = 1.0
    """Before a call, the store's stop and the job's lease are checked again if the last check is older."""
    batch: int = 200
    """Most decisions of a store looked at together."""
    disconnected_wait: float = 900.0

    def backoff(self, doubts: int) -> float:
        """Seconds until an unknown outcome is looked at (again)."""
        return float(min(self.first_backoff * 4.0 ** min(doubts, 10), self.poll_cap))

    def poll(self, age: float) -> float:
        """Seconds until a queued call is looked at again: growing with its age."""
        return min(max(age / 2, self.bulk_poll), self.poll_cap)

    def certain_after(self, call: str | None) -> float:
        """The age from which a call certainly has no effect any more."""
        return self.bulk_deadline if call == BULK else self.settle_grace


@dataclass(frozen=True, slots=True)
class OpenDecision:
    """A decision that is not settled.

    ``age`` is seconds since its last attempt began, ``wait`` seconds until it is to be looked at, both by the
    database's clock; ``in_flight`` says that a call may still be under way; ``doubts`` counts unknown outcomes;
    ``cause`` is what the events of its write are caused by. ``single_age`` and ``bulk_age`` are seconds since the last
    call of an earlier, applied decision about the item began, where it was a repeated one: the first may still land.
    """

    decision: PriceDecided
    key: str
    state: WriteState
    attempt: int = 0
    doubts: int = 0
    call: str | None = None
    in_flight: bool = False
    age: float = 0.0
    wait: float = 0.0
    superseded: bool = False
    written_today: int = 0
    single_age: float | None = None
    bulk_age: float | None = None
    cause: EventMeta = field(default_factory=EventMeta)

    @property
    def id(self) -> UUID:
        """The decision's id."""
        return self.decision.decision_id


@dataclass(frozen=True, slots=True)
class Start:
    """Begin the next attempt; ``lost`` says that the one before is given up first."""

    lost: bool = False


@dataclass(frozen=True, slots=True)
class Apply:
    """Salla shows the target."""


@dataclass(frozen=True, slots=True)
class GoStale:
    """The decision is not written."""

    stale: Stale


@dataclass(frozen=True, slots=True)
class Fail:
    """Every attempt is spent."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be said yet."""

    delay: float


Verdict = Start | Apply | GoStale | Fail | Wait


def judge(pending: OpenDecision, world: Circumstances, found: int | None, policy: WritePolicy) -> Verdict:
    """What to do, given the base price that Salla shows (``None``: the item is gone)."""
    decision = pending.decision
    if not pending.state.is_open:
        stale = stale_before_reading(decision, world) or stale_by_price(decision, world, found)
        if stale is not None:
            return GoStale(stale)
        haunted = _haunted(pending, policy)
        return Start() if haunted <= 0 else Wait(min(haunted, policy.poll_cap))
    if found == decision.base_price:
        return Apply()
    final = _final(pending, world, found, policy)
    left = policy.certain_after(pending.call) - pending.age
    certain = not pending.in_flight or left <= 0
    if final is not None:
        return final if certain else Wait(min(left, policy.poll(pending.age)))
    queued = pending.call == BULK and pending.state is WriteState.STARTED and pending.in_flight
    if queued and left > 0:
        return Wait(min(left, policy.poll(pending.age)))
    return Start(lost=queued)


def _haunted(pending: OpenDecision, policy: WritePolicy) -> float:
    """Seconds for which a call of an earlier decision, repeated because its outcome was not known, may still land: it
    would put that decision's price in the place of this one's."""
    ages = ((pending.single_age, None), (pending.bulk_age, BULK))
    return max((policy.certain_after(call) - age for age, call in ages if age is not None), default=0.0)


def _final(
    pending: OpenDecision, world: Circumstances, found: int | None, policy: WritePolicy
) -> GoStale | Fail | None:
    """How an open write ends if nothing of it is on its way any more, or ``None`` when it may be tried again."""
    stale = stale_by_price(pending.decision, world, found) or stale_before_reading(pending.decision, world)
    if stale is not None:
        return GoStale(stale)
    if pending.doubts >= policy.attempts:
        return Fail("not_shown", f"Salla still shows the old price after {pending.attempt} attempts")
    return None
