"""Step 1: what the Scout handed over.

A run reads only the pages that are due; of the others the offers of earlier runs count on. Which those were follows
from the ledger: the links in force at the hand-over, of the items that the run judged, each with its latest offer
before it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from thaman_audit.domain.handover.record import Record, Recorded
from thaman_contracts.events.advice import MarketAssessed
from thaman_contracts.events.optimizer import (
    CompetitorLinksChanged,
    MarketScouted,
    Offer,
    OffersObserved,
    OptimizationCompleted,
    PriceHeld,
    PriceProposed,
)
from thaman_contracts.handover import EarlierOffer, ItemLink, MarketIntelligence
from thaman_contracts.ids import item_key

KINDS = (OffersObserved, MarketScouted, MarketAssessed)

Page = tuple[str, str]
"""An item's key and the address of a rival's page about it."""


@dataclass
class Market:
    """What was known of a store's market before a run's hand-over, gathered from the newest entry back."""

    record: Record
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
        """Take offers of earlier runs until all that counted are known."""
        missing = self._missing()
        for row in newest_first if missing else ():
            assert isinstance(row.event, OffersObserved)
            found = {(one.key, one.url): one for one in row.event.offers if (one.key, one.url) in missing}
            if found:
                self.sources.append(row)
            for page, offer in found.items():
                self.offers[page] = EarlierOffer(**offer.model_dump(), run_id=row.event.run_id)
                missing.remove(page)
            if len(self.offers) >= self._expected() or not missing:
                return

    def _missing(self) -> set[Page]:
        """Pages that are linked to items of the run and were not read in it."""
        if self.record.first(OptimizationCompleted) is None or not self._expected():
            return set()
        said = (*self.record.events(PriceProposed), *self.record.events(PriceHeld))
        judged = {item_key(one.product_id, one.variant_id) for one in said}
        linked = {(key, link.url) for key in judged & self.links.keys() for link in self.links[key]}
        return linked - self._read()

    def _expected(self) -> int:
        """How many offers of earlier runs the Scout counted."""
        scouted = self.record.first(MarketScouted)
        return 0 if scouted is None else max(0, scouted.offers_usable + scouted.offers_unusable - len(self._read()))

    def _read(self) -> set[Page]:
        return {(offer.key, offer.url) for offer in _offers(self.record)}


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
