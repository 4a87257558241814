"""Step 1: what the Scout handed over.

A run reads only the pages that are due; of the others the offers of earlier runs count on, and of a page that could not
be read the usable offer that was known. For the merchant's links that follows from the ledger: the links at the
hand-over, of the items that the run judged, each with its last offer before it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from thaman_audit.domain.handover.record import Record, Recorded
from thaman_contracts.events.advice import MarketAssessed
from thaman_contracts.events.optimizer import (
    CompetitorLinksChanged,
    MarketScouted,
    Offer,
    OfferFitness,
    OffersObserved,
    OptimizationCompleted,
    PriceHeld,
    PriceProposed,
)
from thaman_contracts.handover import EarlierOffer, ItemLink, MarketIntelligence
from thaman_contracts.ids import item_key

KINDS = (OffersObserved, MarketScouted, MarketAssessed)

OLDEST = timedelta(days=14)
"""No store lets an older offer count, and a page that never answers would be sought for ever."""

_NO_ANSWER = (OfferFitness.UNREACHABLE, OfferFitness.REFUSED)

Page = tuple[str, str]
"""An item's key and the address of a rival's page about it."""


@dataclass
class Market:
    """What was known of a store's market before a run's hand-over, gathered from the newest entry back.

    ``whole`` says that the record is the whole run's, so that which items were judged is known at its end only.
    """

    record: Record
    whole: bool = True
    links: dict[str, tuple[ItemLink, ...]] = field(default_factory=dict)
    offers: dict[Page, EarlierOffer] = field(default_factory=dict)
    sources: list[Recorded] = field(default_factory=list)

    @property
    def handed_over_at(self) -> int | None:
        """The place in the chain of the hand-over, if there was one."""
        places = (row.entry.seq for row in self.record.rows if isinstance(row.event, MarketScouted))
        return next(places, None)

    def link(self, newest_first: Iterable[Recorded]) -> None:
        """Take the merchant's links; of each item the newest list holds."""
        for row in newest_first:
            assert isinstance(row.event, CompetitorLinksChanged)
            fresh = [item for item in row.event.items if item.key not in self.links]
            for item in fresh:
                self.links[item.key] = tuple(
                    ItemLink(product_id=item.product_id, variant_id=item.variant_id, **link.model_dump())
                    for link in item.links
                )
            if fresh:
                self.sources.append(row)

    def observe(self, newest_first: Iterable[Recorded]) -> None:
        """Take offers of earlier runs, as far as they were still the last word on a page."""
        scouted = self.record.first(MarketScouted)
        read, missing = {page for page, _ in self._read()}, self._missing()
        unanswered: dict[Page, tuple[Recorded, Offer]] = {}
        if scouted is None or not missing:
            return
        for row in newest_first:
            assert isinstance(row.event, OffersObserved)
            if scouted.occurred_at - row.event.occurred_at > OLDEST or not missing:
                break
            for page, offer in _pages(row.event.offers):
                if page not in missing:
                    continue
                if offer.fitness in _NO_ANSWER:
                    unanswered.setdefault(page, (row, offer))
                    continue
                missing.remove(page)
                # Only a usable offer outlives readings that came to nothing.
                if offer.fitness is OfferFitness.USABLE or not (page in unanswered or page in read):
                    unanswered.pop(page, None)
                    self._take(page, row, offer)
        for page, (row, offer) in unanswered.items():
            if page not in read:
                self._take(page, row, offer)

    def _take(self, page: Page, row: Recorded, offer: Offer) -> None:
        assert isinstance(row.event, OffersObserved)
        self.offers[page] = EarlierOffer(**offer.model_dump(), run_id=row.event.run_id)
        self.sources.append(row)

    def _missing(self) -> set[Page]:
        """Pages that are linked to items of the run and gave it no answer, or were not due."""
        if self.whole and self.record.first(OptimizationCompleted) is None:
            return set()
        said = (*self.record.events(PriceProposed), *self.record.events(PriceHeld))
        judged = {item_key(one.product_id, one.variant_id) for one in said}
        linked = {(key, link.url) for key in judged & self.links.keys() for link in self.links[key]}
        return linked - {page for page, offer in self._read() if offer.fitness not in _NO_ANSWER}

    def _read(self) -> list[tuple[Page, Offer]]:
        return _pages(_offers(self.record))


def market_intelligence(market: Market) -> MarketIntelligence:
    """The Scout's file."""
    record = market.record
    scouted = record.first(MarketScouted)
    known = record.first(OptimizationCompleted) is not None
    return MarketIntelligence(
        **record.head(KINDS, *market.sources, complete=record.has_ended),
        step="market_intelligence",
        scouted=scouted,
        links=None if scouted is None else tuple(link for _, found in sorted(market.links.items()) for link in found),
        offers=tuple(_offers(record)),
        earlier_offers=tuple(offer for _, offer in sorted(market.offers.items())) if known else None,
        assessed=record.first(MarketAssessed),
    )


def _offers(record: Record) -> list[Offer]:
    return [offer for page in record.events(OffersObserved) for offer in page.offers]


def _pages(offers: Iterable[Offer]) -> list[tuple[Page, Offer]]:
    return [((offer.key, offer.url), offer) for offer in offers]
