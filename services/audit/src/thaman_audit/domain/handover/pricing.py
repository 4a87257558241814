"""Step 2: what the Analyst made of each item, and what became of it."""

from typing import TypeVar
from uuid import UUID

from thaman_audit.domain.handover.record import Record
from thaman_contracts.events.optimizer import (
    ItemEvent,
    PriceApproved,
    PriceDecided,
    PriceHeld,
    PriceProposed,
    PriceRejected,
    ProposalExpired,
)
from thaman_contracts.handover import PricingDecision, Proposal, ProposalOutcome, ProposalState

E = TypeVar("E", bound=ItemEvent)

KINDS = (PriceProposed, PriceHeld, PriceApproved, PriceRejected, ProposalExpired, PriceDecided)


def pricing_decision(record: Record) -> PricingDecision:
    """The Analyst's file."""
    proposals = proposals_of(record)
    return PricingDecision(
        **record.head(KINDS, complete=record.has_ended and not any(map(is_pending, proposals))),
        step="pricing_decision",
        proposals=proposals,
        holds=tuple(record.events(PriceHeld)),
    )


def proposals_of(record: Record) -> tuple[Proposal, ...]:
    """Every proposal with its outcome."""
    approved, rejected = _by_proposal(record, PriceApproved), _by_proposal(record, PriceRejected)
    expired, decided = _by_proposal(record, ProposalExpired), _by_proposal(record, PriceDecided)

    def told(proposed: PriceProposed) -> Proposal:
        known = proposed.proposal_id
        outcome = _outcome(approved.get(known), rejected.get(known), expired.get(known), decided.get(known))
        return Proposal(**proposed.model_dump(), outcome=outcome)

    return tuple(map(told, record.events(PriceProposed)))


def is_pending(proposal: Proposal) -> bool:
    """Whether somebody may still answer."""
    return proposal.outcome.state is ProposalState.PENDING


def _by_proposal(record: Record, kind: type[E]) -> dict[UUID, E]:
    return {event.proposal_id: event for event in record.events(kind)}


def _outcome(
    approved: PriceApproved | None,
    rejected: PriceRejected | None,
    expired: ProposalExpired | None,
    decided: PriceDecided | None,
) -> ProposalOutcome:
    settled = {
        ProposalState.DECIDED: decided,
        ProposalState.REJECTED: rejected,
        ProposalState.EXPIRED: expired,
    }
    state, end = next(((state, event) for state, event in settled.items() if event), (ProposalState.PENDING, None))
    refused = rejected or expired
    return ProposalOutcome(
        state=state,
        at=end.occurred_at if end else None,
        decision_id=decided.decision_id if decided else None,
        decided_by=decided.decided_by if decided else None,
        approved_by=approved.approved_by if approved else None,
        shown_digest=approved.shown_digest if approved else None,
        rejected_by=rejected.rejected_by if rejected else None,
        reason=refused.reason if refused else None,
    )
