"""The read models made from published events alone: the optimizer's own and onboarding's, as a ledger keeps them.

The projections read nothing that stays private, so the tables are those of :mod:`thaman_optimizer.adapters.rebuild`.
Own events and others' may come in any order among each other, as they do in two streams.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from thaman_kit.application import EventSourcedApplication
from thaman_kit.domain import DomainEvent
from thaman_kit.restoring import Message, Restorer
from thaman_kit.routing import Router
from thaman_optimizer.adapters.projection import project
from thaman_optimizer.domain import events
from thaman_optimizer.publication import STORED

_TOGETHER = (
    events.RunRequested,
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
)
"""Events whose rows may be stored together, as those of a run's save are, where they are of different things."""


class PublishedFold:
    """Fills empty tables, page by page."""

    def __init__(self, application: EventSourcedApplication, router: Router) -> None:
        self._application = application
        self._router = router
        self._restorer = Restorer(STORED)

    def fold(self, page: Sequence[Message]) -> None:
        """Take in the next messages.

        Raises:
            Undeliverable: one of them is not known to this release.
        """
        unit = self._application.unit_of_work()
        own = (self._restorer.restore(*message) for message in page if message[0].service == "optimizer")
        for group in groups_of(own):
            project(unit, group)
        for envelope, body in page:
            if envelope.service == "onboarding":
                self._router.dispatch(envelope, body, unit)
        unit.commit()

    def finish(self) -> None:
        """Nothing is left to do."""


def groups_of(recorded: Iterable[DomainEvent]) -> Iterator[list[DomainEvent]]:
    """The events in their order, in groups that can be projected as one save: no two say the same of the same thing."""
    group: list[DomainEvent] = []
    named: set[Any] = set()
    for event in recorded:
        names = _names(event)
        if names is None or not named.isdisjoint(names):
            if group:
                yield group
            group, named = [], set()
        group.append(event)
        if names is None:
            yield group
            group = []
        else:
            named.update(names)
    if group:
        yield group


def _names(event: DomainEvent) -> list[Any] | None:
    """What an event writes about, so that it shares a group with nothing that writes about the same; ``None`` where it
    has to stand alone."""
    if not isinstance(event, _TOGETHER):
        return None
    match event:
        case events.OffersObserved():
            return [(event.store_id, offer.key, offer.url) for offer in event.offers]
        case events.PriceProposed() | events.PriceHeld():
            week = event.occurred_at.date().isocalendar()[:2]
            return [event.proposal_id, (event.store_id, event.product_id, event.variant_id, week)]
        case events.PriceRejected() | events.PriceDecided() | events.ProposalExpired():
            return [("closed", event.proposal_id)]
    return []
