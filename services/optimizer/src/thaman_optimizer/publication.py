"""What the optimizer publishes: every stored event as the contract it inherits."""

from thaman_kit.publication import Publication
from thaman_optimizer.domain import events

PUBLICATION = Publication("optimizer")

STORED = (
    events.RunRequested,
    events.CompetitorLinksChanged,
    events.ListingSourcesChanged,
    events.LookRequested,
    events.ListingsMatched,
    events.SourceLooked,
    events.MatchesAnswered,
    events.OptimizationStarted,
    events.OffersObserved,
    events.MarketScouted,
    events.MarketAssessed,
    events.OptimizationCompleted,
    events.OptimizationFailed,
    events.PriceProposed,
    events.PriceHeld,
    events.PriceApproved,
    events.PriceRejected,
    events.PriceDecided,
    events.ProposalExpired,
    events.PriceReverted,
    events.PolicyDrafted,
    events.PolicyStaged,
    events.PricesShadowed,
)
"""The stored classes; importing this module is what makes the relay know their topics."""
