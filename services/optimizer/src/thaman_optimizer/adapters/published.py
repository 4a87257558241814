"""The read models made from published events alone: the optimizer's own and onboarding's, as a ledger keeps them.

The projections read nothing that stays private, so the tables are those of :mod:`thaman_optimizer.adapters.rebuild`.
Own events and others' may come in any order among each other, as they do in two streams.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from thaman_contracts.events import onboarding
from thaman_contracts.ids import item_key
from thaman_kit.application import EventSourcedApplication
from thaman_kit.domain import DomainEvent
from thaman_kit.lanes import Lane, stretches
from thaman_kit.restoring import Told, stored_of
from thaman_kit.routing import Router
from thaman_optimizer.adapters.projection import project
from thaman_optimizer.consumers import keep_sights
from thaman_optimizer.domain import events

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

    def fold(self, page: Sequence[Told]) -> None:
        """Take in the next events; own ones as they are stored."""
        self.own(list(stored_of(page, "optimizer")))
        self.told([one for one in page if one[0].service == "onboarding"])

    def own(self, events: Sequence[DomainEvent]) -> None:
        """Take in the next events of the own log."""
        unit = self._application.unit_of_work()
        for group in groups_of(events):
            project(unit, group)
        unit.commit()

    def told(self, page: Sequence[Told]) -> None:
        """Take in the next messages of onboarding."""
        unit = self._application.unit_of_work()
        for lists, alone in stretches(page, _lane, len(_LANES)):
            for envelope, event in (*lists[_REPORTS], *lists[_SALES]):
                self._router.apply(event, envelope, unit)
            keep_sights(unit, [event for _, event in lists[_SIGHTS] if isinstance(event, onboarding.CatalogObserved)])
            if alone is not None:
                self._router.apply(alone[1], alone[0], unit)
        unit.commit()

    def finish(self) -> None:
        """Nothing is left to do."""


_LANES = _REPORTS, _SALES, _SIGHTS = range(3)


def _lane(told: Told) -> Lane | None:
    """Reports of writes set items' prices, and so do sights; orders share no column with either."""
    match told[1]:
        case onboarding.WriteEvent() as event:
            return Lane(_REPORTS, frozenset((f"{event.store_id} {item_key(event.product_id, event.variant_id)}",)))
        case onboarding.SalesObserved():
            return Lane(_SALES)
        case onboarding.CatalogObserved() as event:
            return Lane(_SIGHTS, frozenset(f"{event.store_id} {item.key}" for item in event.items), once=True)
    return None


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
