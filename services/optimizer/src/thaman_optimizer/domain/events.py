"""The optimizer's stored events. They publish the contract they inherit; fields of their own stay private."""

from typing import Any
from uuid import UUID

from pydantic import Field

from thaman_contracts.events import advice, listings, optimizer, policies
from thaman_kit.domain import DomainEvent


class RunRequested(DomainEvent, optimizer.RunRequested, topic="request.RunRequested"):
    """Somebody asked for a run now."""


class CompetitorLinksChanged(DomainEvent, optimizer.CompetitorLinksChanged, topic="links.Changed"):
    """The merchant told where rivals sell some items."""


class ListingSourcesChanged(DomainEvent, listings.ListingSourcesChanged, topic="sources.Changed"):
    """The merchant told where rivals are to be looked for."""


class LookRequested(DomainEvent, listings.LookRequested, topic="sources.LookRequested"):
    """Somebody asked to look into a source now."""


class ListingsMatched(DomainEvent, listings.ListingsMatched, topic="sources.ListingsMatched"):
    """Listings of a look match own products."""


class SourceLooked(DomainEvent, listings.SourceLooked, topic="sources.Looked"):
    """A look into a source ended."""


class MatchesAnswered(DomainEvent, listings.MatchesAnswered, topic="matches.Answered"):
    """A person confirmed or rejected matches."""


class OptimizationStarted(DomainEvent, optimizer.OptimizationStarted, topic="run.Started"):
    """A pricing run began; ``store_inputs`` are the store's facts it decides with."""

    store_inputs: dict[str, Any] = Field(default_factory=dict)


class OffersObserved(DomainEvent, optimizer.OffersObserved, topic="run.OffersObserved"):
    """Offers read during a run."""


class MarketScouted(DomainEvent, optimizer.MarketScouted, topic="run.MarketScouted"):
    """The Scout handed over to the Analyst. Its time is the ``now`` of every decision of the run."""


class MarketAssessed(DomainEvent, advice.MarketAssessed, topic="run.MarketAssessed"):
    """Advice on a run's items, or why there is none; ``brief`` is all that the agents were shown.

    ``allowed_tokens`` and ``allowed_micro_usd`` are what was left to be used when they were asked, ``None`` where they
    were not.
    """

    brief: dict[str, Any] = Field(default_factory=dict)
    allowed_tokens: int | None = None
    allowed_micro_usd: int | None = None


class OptimizationCompleted(DomainEvent, optimizer.OptimizationCompleted, topic="run.Completed"):
    """A pricing run ended."""


class OptimizationFailed(DomainEvent, optimizer.OptimizationFailed, topic="run.Failed"):
    """A pricing run ended without a result."""


class PriceProposed(DomainEvent, optimizer.PriceProposed, topic="proposal.Proposed"):
    """A new price; ``inputs`` are the item's facts behind ``input_digest``, ``breaks`` what only a person lifts."""

    inputs: dict[str, Any] = Field(default_factory=dict)
    breaks: tuple[str, ...] = ()


class PriceHeld(DomainEvent, optimizer.PriceHeld, topic="proposal.Held"):
    """The price stays; ``inputs`` are the item's facts behind ``input_digest``."""

    inputs: dict[str, Any] = Field(default_factory=dict)


class PriceApproved(DomainEvent, optimizer.PriceApproved, topic="proposal.Approved"):
    """A person let a proposal through."""


class PriceRejected(DomainEvent, optimizer.PriceRejected, topic="proposal.Rejected"):
    """A person refused a proposal."""


class ProposalExpired(DomainEvent, optimizer.ProposalExpired, topic="proposal.Expired"):
    """A proposal lapsed unanswered."""


class PriceDecided(DomainEvent, optimizer.PriceDecided, topic="proposal.Decided"):
    """The proposal's price is to be written."""


class PriceReverted(DomainEvent, optimizer.PriceReverted, topic="undo.Reverted"):
    """An earlier price is to be restored."""


class PolicyDrafted(DomainEvent, policies.PolicyDrafted, topic="policy.Drafted"):
    """A new policy; ``request_id`` is what it was asked for by, so that the same request drafts once."""

    request_id: UUID | None = None


class PolicyStaged(DomainEvent, policies.PolicyStaged, topic="policy.Staged"):
    """A policy was let further, or taken back."""


class PricesShadowed(DomainEvent, policies.PricesShadowed, topic="policy.PricesShadowed"):
    """What a policy in shadow made of items in a run."""
