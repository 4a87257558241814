"""The writing of one decided price: what was intended, what is known about its outcome.

The aggregate's id is the decision's id, so whatever happens to a decision is one history::

    (new) ──start──▶ started ──▶ applied | failed | stale
      │                │  ▲
      │                ▼  │ start (next attempt, after reading showed the old price)
      └──▶ stale    uncertain ──▶ applied | failed | stale

An attempt whose outcome is unknown stays *uncertain* until Salla has been read; it never turns into a failure by
itself.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from thaman_contracts.events import onboarding as contracts
from thaman_contracts.events.optimizer import PriceDecided
from thaman_kit.domain import Aggregate, DomainEvent


class PriceWriteStarted(DomainEvent, contracts.PriceWriteStarted, topic="price_write.Started"):
    """Salla is about to be called."""


class PriceApplied(DomainEvent, contracts.PriceApplied, topic="price_write.Applied"):
    """Salla shows the decided price."""


class PriceApplyUncertain(DomainEvent, contracts.PriceApplyUncertain, topic="price_write.Uncertain"):
    """Nobody knows whether the call took effect."""


class PriceApplyFailed(DomainEvent, contracts.PriceApplyFailed, topic="price_write.Failed"):
    """The price was not written and will not be."""


class PriceDecisionStale(DomainEvent, contracts.PriceDecisionStale, topic="price_write.Stale"):
    """The decision no longer suits the world."""


class WriteState(StrEnum):
    """How far a decision's write has come."""

    DUE = "due"
    STARTED = "started"
    UNCERTAIN = "uncertain"
    APPLIED = "applied"
    FAILED = "failed"
    STALE = "stale"

    @property
    def is_open(self) -> bool:
        """Whether an intent is recorded whose outcome is not."""
        return self in (WriteState.STARTED, WriteState.UNCERTAIN)

    @property
    def is_settled(self) -> bool:
        """Whether nothing more can happen."""
        return self in (WriteState.APPLIED, WriteState.FAILED, WriteState.STALE)


class ImpossibleStep(ValueError):
    """A step that the write's history does not allow; the message says which state it is in."""


class PriceWrite(Aggregate):
    """One decision's write."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.state = WriteState.DUE
        self.attempt = 0

    def start(self, decision: PriceDecided, at: datetime, *, call: str, fence: int) -> None:
        """Record the intent of the next attempt."""
        self._expect(WriteState.DUE, WriteState.STARTED, WriteState.UNCERTAIN)
        self.trigger(
            PriceWriteStarted,
            **_about(decision, at),
            attempt=self.attempt + 1,
            call=call,
            expected_base_price=decision.expected_base_price,
            target_base_price=decision.base_price,
            fence=fence,
        )

    def apply(self, decision: PriceDecided, at: datetime, *, shelf_price: int, settled_by: str) -> None:
        """Salla was seen to show the target."""
        self._expect(WriteState.STARTED, WriteState.UNCERTAIN)
        self.trigger(
            PriceApplied,
            **_about(decision, at),
            old_base_price=decision.expected_base_price,
            base_price=decision.base_price,
            shelf_price=shelf_price,
            settled_by=settled_by,
        )

    def doubt(self, decision: PriceDecided, at: datetime, reason: str) -> None:
        """The attempt's outcome is unknown; saying it twice of one attempt changes nothing."""
        self._expect(WriteState.STARTED, WriteState.UNCERTAIN)
        if self.state is WriteState.STARTED:
            self.trigger(
                PriceApplyUncertain,
                **_about(decision, at),
                attempt=self.attempt,
                target_base_price=decision.base_price,
                reason=reason,
            )

    def fail(self, decision: PriceDecided, at: datetime, reason: str, detail: str) -> None:
        """Give the write up."""
        self._expect(WriteState.STARTED, WriteState.UNCERTAIN)
        self.trigger(PriceApplyFailed, **_about(decision, at), reason=reason, detail=detail)

    def go_stale(
        self, decision: PriceDecided, at: datetime, reason: contracts.StaleReason, detail: str, found: int | None
    ) -> None:
        """The decision is not written (any more)."""
        self._expect(WriteState.DUE, WriteState.STARTED, WriteState.UNCERTAIN)
        self.trigger(PriceDecisionStale, **_about(decision, at), reason=reason, detail=detail, found_base_price=found)

    def when(self, event: DomainEvent) -> None:
        """Change state as ``event`` says."""
        match event:
            case PriceWriteStarted():
                self.state, self.attempt = WriteState.STARTED, event.attempt
            case PriceApplyUncertain():
                self.state = WriteState.UNCERTAIN
            case PriceApplied():
                self.state = WriteState.APPLIED
            case PriceApplyFailed():
                self.state = WriteState.FAILED
            case PriceDecisionStale():
                self.state = WriteState.STALE
            case _:
                super().when(event)

    def _expect(self, *states: WriteState) -> None:
        if self.state not in states:
            raise ImpossibleStep(f"decision {self.id} is {self.state} after {self.attempt} attempts")


def _about(decision: PriceDecided, at: datetime) -> dict[str, Any]:
    return {
        "store_id": decision.store_id,
        "occurred_at": at,
        "decision_id": decision.decision_id,
        "run_id": decision.run_id,
        "product_id": decision.product_id,
        "variant_id": decision.variant_id,
    }
