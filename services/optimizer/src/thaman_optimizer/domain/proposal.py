"""One item in one run: proposed or held, and what became of the proposal."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from thaman_contracts.events.optimizer import POLICY, Disposition
from thaman_contracts.ids import decision_id, item_key, proposal_id
from thaman_contracts.money import change_bp
from thaman_kit.domain import Aggregate, DomainEvent
from thaman_optimizer.domain import explain, policy
from thaman_optimizer.domain.advice import ENGINE_VERSION
from thaman_optimizer.domain.demand import MODEL_VERSION
from thaman_optimizer.domain.engine import Move, Stay
from thaman_optimizer.domain.events import (
    PriceApproved,
    PriceDecided,
    PriceHeld,
    PriceProposed,
    PriceRejected,
    ProposalExpired,
)
from thaman_optimizer.domain.facts import Inputs, ItemFacts, StoreFacts
from thaman_optimizer.errors import ProposalClosed, ShownSomethingElse

PENDING_VERSION = 1
"""A pending proposal has exactly one event, so it can be lapsed without being read: see :func:`lapse`."""


class ProposalState(StrEnum):
    """Where a proposal stands. Only ``pending`` ever changes."""

    PENDING = "pending"
    DECIDED = "decided"
    REJECTED = "rejected"
    EXPIRED = "expired"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Ruling:
    """In which run, for which store (with the settings that hold for the item) and at which instant it is judged."""

    run_id: UUID
    store: StoreFacts
    now: datetime


@dataclass(frozen=True, slots=True)
class Lapse:
    """Names one pending proposal that is to expire."""

    proposal_id: UUID
    run_id: UUID
    store_id: str
    product_id: str
    variant_id: str | None


def lapse(pending: Lapse, reason: str, now: datetime) -> ProposalExpired:
    """The event that expires a pending proposal without loading it.

    Storing it conflicts if anything else happened to the proposal meanwhile, which is the wanted answer.
    """
    return ProposalExpired(
        originator_id=pending.proposal_id,
        originator_version=PENDING_VERSION + 1,
        store_id=pending.store_id,
        occurred_at=now,
        proposal_id=pending.proposal_id,
        run_id=pending.run_id,
        product_id=pending.product_id,
        variant_id=pending.variant_id,
        reason=reason,
    )


class Proposal(Aggregate):
    """What a run says about one item. The id is derived from run and item, so saying it twice is saying it once."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.state = ProposalState.PENDING
        self.proposed: PriceProposed | None = None
        self.store_id = ""

    @classmethod
    def of(cls, run_id: UUID, item: ItemFacts) -> Self:
        """The still empty proposal of an item in a run."""
        return cls(proposal_id(run_id, item_key(item.product_id, item.variant_id)))

    def hold(self, ruling: Ruling, item: ItemFacts, stay: Stay, inputs: Inputs) -> None:
        """Record that the price stays, and why."""
        said = explain.why_held(stay.trail)
        self.trigger(
            PriceHeld,
            **self._names(ruling, item),
            reason=stay.reason,
            shelf_price=item.shelf_price,
            strategy=stay.strategy,
            reference=stay.reference.price,
            trail=stay.trail,
            engine_version=ENGINE_VERSION,
            model_version=MODEL_VERSION,
            policy_version=_policy_version(ruling.store),
            input_digest=inputs.digest,
            reason_ar=said.ar,
            reason_en=said.en,
            inputs=inputs.item,
        )

    def propose(self, ruling: Ruling, item: ItemFacts, move: Move, inputs: Inputs) -> None:
        """Record a new price; where its course is to write, it is decided in the same breath."""
        self.trigger(
            PriceProposed,
            **self._names(ruling, item),
            **_prices(item, move),
            **_judgement(item, move),
            trail=move.trail,
            engine_version=ENGINE_VERSION,
            model_version=MODEL_VERSION,
            policy_version=_policy_version(ruling.store),
            **_outlook(move),
            input_digest=inputs.digest,
            settings_version=ruling.store.settings_version,
            fence=ruling.store.fence,
            expires_at=_expiry(ruling, move),
            inputs=inputs.item,
            breaks=move.breaks,
        )
        if move.course.disposition is Disposition.WRITE:
            self._decide(ruling.store, POLICY, ruling.now)

    def approve(self, by: str, shown_digest: str | None, store: StoreFacts, now: datetime) -> None:
        """A person lets the proposal through; its price is decided.

        Raises:
            ProposalClosed: it was answered or has expired.
            ShownSomethingElse: ``shown_digest`` is not this proposal's input digest.
        """
        proposed = self.waiting(now)
        if shown_digest is not None and shown_digest != proposed.input_digest:
            raise ShownSomethingElse(f"proposal {self.id} has another digest than the one you looked at: reload it")
        self.trigger(PriceApproved, **_again(proposed, now), approved_by=by, shown_digest=shown_digest)
        self._decide(store, by, now)

    def reject(self, by: str, reason: str | None, now: datetime) -> None:
        """A person refuses the proposal.

        Raises:
            ProposalClosed: it was answered or has expired.
        """
        self.trigger(PriceRejected, **_again(self.waiting(now), now), rejected_by=by, reason=reason)

    def expire(self, reason: str, now: datetime) -> None:
        """The proposal lapses, because of its time, a newer one, or changed inputs."""
        assert self.proposed is not None
        if self.state is not ProposalState.PENDING:
            raise ProposalClosed(f"proposal {self.id} is {self.state.value} already")
        self.trigger(ProposalExpired, **_again(self.proposed, now), reason=reason)

    def when(self, event: DomainEvent) -> None:
        """Fold one event."""
        self.store_id = event.store_id
        match event:
            case PriceProposed():
                self.proposed = event
            case PriceHeld():
                self.state = ProposalState.HELD
            case PriceApproved():
                pass  # the decision follows in the same save
            case PriceDecided():
                self.state = ProposalState.DECIDED
            case PriceRejected():
                self.state = ProposalState.REJECTED
            case ProposalExpired():
                self.state = ProposalState.EXPIRED
            case _:
                super().when(event)

    def waiting(self, now: datetime) -> PriceProposed:
        """What was proposed, while it waits for an answer.

        Raises:
            ProposalClosed: it is a hold, was answered, or has expired.
        """
        if self.state is not ProposalState.PENDING or self.proposed is None:
            raise ProposalClosed(f"proposal {self.id} is {self.state.value} already")
        if now >= self.proposed.expires_at:
            raise ProposalClosed(f"proposal {self.id} expired at {self.proposed.expires_at.isoformat()}")
        return self.proposed

    def _decide(self, store: StoreFacts, by: str, now: datetime) -> None:
        proposed = self.proposed
        assert proposed is not None
        step_bp = store.settings.max_step_bp
        if proposed.breaks:
            # A person saw that it breaks the step and let it through; the writer has to let exactly that through too.
            step_bp = max(step_bp, abs(change_bp(proposed.old_base_price, proposed.new_base_price)))
        self.trigger(
            PriceDecided,
            **_again(proposed, now),
            decision_id=decision_id(self.id),
            currency=proposed.currency,
            expected_base_price=proposed.old_base_price,
            base_price=proposed.new_base_price,
            shelf_price=proposed.new_shelf_price,
            floor=proposed.floor,
            ceiling=proposed.ceiling,
            max_step_bp=step_bp,
            changes_per_day=store.settings.changes_per_day,
            prices_include_vat=store.prices_include_vat,
            vat_bp=store.vat_bp,
            fence=proposed.fence,
            settings_version=proposed.settings_version,
            risk=proposed.risk,
            decided_by=by,
            notify=proposed.notify,
            expires_at=now + policy.DECISION_LIFETIME,
        )

    def _names(self, ruling: Ruling, item: ItemFacts) -> dict[str, Any]:
        return {
            "store_id": ruling.store.store_id,
            "occurred_at": ruling.now,
            "proposal_id": self.id,
            "run_id": ruling.run_id,
            "product_id": item.product_id,
            "variant_id": item.variant_id,
        }


def _expiry(ruling: Ruling, move: Move) -> datetime:
    """Until when a person may answer; a price that rests on advice about demand does not outlive the advice."""
    answered_by = ruling.now + timedelta(hours=ruling.store.settings.approval_hours)
    return answered_by if move.until is None else min(answered_by, move.until)


def _policy_version(store: StoreFacts) -> int | None:
    return None if store.policy is None else store.policy.version


def _prices(item: ItemFacts, move: Move) -> dict[str, Any]:
    return {
        "currency": item.currency,
        "old_base_price": item.base_price,
        "new_base_price": move.base_price,
        "old_shelf_price": item.shelf_price,
        "new_shelf_price": move.shelf_price,
        "floor": move.limits.floor,
        "ceiling": move.limits.ceiling,
        "reference": move.reference.price,
        "offers_used": move.reference.used,
    }


def _outlook(move: Move) -> dict[str, Any]:
    outlook = move.outlook
    if outlook is None:
        return {}
    return {
        "expected_weekly_profit_change": outlook.expected,
        "interval80_low": outlook.low,
        "interval80_high": outlook.high,
        "probability_of_gain_bp": outlook.chance_bp,
    }


def _judgement(item: ItemFacts, move: Move) -> dict[str, Any]:
    said = explain.why_proposed(
        currency=item.currency,
        old=item.shelf_price,
        new=move.shelf_price,
        reference=move.reference.price,
        offers=move.reference.used,
        strategy=move.strategy,
        risk_reasons=move.assessment.reasons,
        trail=move.trail,
        outlook=move.outlook,
    )
    return {
        "strategy": move.strategy,
        "risk": move.assessment.risk,
        "risk_reasons": move.assessment.reasons,
        "disposition": move.course.disposition,
        "notify": move.course.notify,
        "marked": move.course.marked,
        "reason_ar": said.ar,
        "reason_en": said.en,
    }


def _again(proposed: PriceProposed, now: datetime) -> dict[str, Any]:
    """What every later event of a proposal says again."""
    return {
        "store_id": proposed.store_id,
        "occurred_at": now,
        "proposal_id": proposed.proposal_id,
        "run_id": proposed.run_id,
        "product_id": proposed.product_id,
        "variant_id": proposed.variant_id,
    }
