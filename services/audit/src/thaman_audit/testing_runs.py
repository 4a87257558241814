"""For tests of hand-over files: the events of a run in which everything happens that can happen to a price."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from thaman_audit.testing import NOW
from thaman_contracts.events import EventData, advice, onboarding, optimizer, scheduler
from thaman_contracts.examples import example_of, fields_of
from thaman_contracts.ids import decision_id, proposal_id, run_id

E = TypeVar("E", bound=EventData)

SCOUTED, DECIDED, ANSWERED, WRITTEN = (timedelta(minutes=number) for number in (1, 2, 60, 61))


@dataclass(frozen=True)
class FullRun:
    """A run of a store, ``hours`` after the first.

    Item 1 is written at once, 2 is approved and its write uncertain, 3 is rejected, 4 lapses, 5 is held, 6 is refused
    by Salla, and 7 went stale.
    """

    store_id: str
    cause: str = "r1"
    hours: int = 0

    @property
    def run_id(self) -> UUID:
        """The run's id."""
        return run_id(self.store_id, self.cause)

    @property
    def began(self) -> datetime:
        """When it began."""
        return NOW + timedelta(hours=self.hours)

    def proposal(self, product: str) -> UUID:
        """The id of what the run says of an item."""
        return proposal_id(self.run_id, product)

    def decision(self, product: str) -> UUID:
        """The id of what an item's proposal may become."""
        return decision_id(self.proposal(product))

    def page(self, product: str) -> str:
        """A rival's page about an item; its address names the store."""
        return f"https://rival.example/{self.store_id}/{product}"

    def links(self, *products: str) -> optimizer.CompetitorLinksChanged:
        """The merchant told where rivals sell some items."""
        items = tuple(
            optimizer.CompetitorLinks(
                product_id=product, links=(optimizer.CompetitorLink(competitor="rival", url=self.page(product)),)
            )
            for product in products
        )
        return self.event(optimizer.CompetitorLinksChanged, timedelta(), items=items)

    def asked(self) -> EventData:
        """The scheduler's request."""
        return self.event(scheduler.OptimizationRequested, timedelta())

    def scouting(self, *read: str, known: int = 0) -> list[EventData]:
        """The run begins, reads some items' pages, and hands over; ``known`` offers of before count on."""
        offers = tuple(self.offer(product) for product in read)
        numbers = {"links": len(read) + known, "offers_usable": len(read) + known, "offers_unusable": 0}
        return [
            self.event(optimizer.OptimizationStarted, timedelta(), items=7),
            *([self.event(optimizer.OffersObserved, SCOUTED, offers=offers)] if offers else []),
            self.event(optimizer.MarketScouted, SCOUTED, items=len(read) + known, **numbers),
            self.event(advice.MarketAssessed, SCOUTED, advice=()),
        ]

    def analysis(self) -> list[EventData]:
        """What is said of each item, and the end."""
        ask = optimizer.Disposition.ASK
        return [
            self.item(optimizer.PriceProposed, "1", disposition=optimizer.Disposition.WRITE),
            self.decided("1", DECIDED, "policy"),
            *(self.item(optimizer.PriceProposed, product, disposition=ask) for product in "234"),
            self.item(optimizer.PriceHeld, "5", reason="floor/cost_unknown"),
            *(
                event
                for product in "67"
                for event in (
                    self.item(optimizer.PriceProposed, product, disposition=optimizer.Disposition.WRITE),
                    self.decided(product, DECIDED, "policy"),
                )
            ),
            self.event(optimizer.OptimizationCompleted, DECIDED),
        ]

    def answers(self) -> list[EventData]:
        """People approve 2 and reject 3; 4 lapses."""
        return [
            self.item(optimizer.PriceApproved, "2", ANSWERED, approved_by="layla", shown_digest="input digest"),
            self.decided("2", ANSWERED, "layla"),
            self.item(optimizer.PriceRejected, "3", ANSWERED, rejected_by="omar", reason="too cheap"),
            self.item(optimizer.ProposalExpired, "4", ANSWERED, reason="time"),
        ]

    def writes(self) -> list[EventData]:
        """1 is applied; 2 is uncertain, tried again, and read back; Salla refuses 6; 7 was edited by hand."""
        return [
            self.write(onboarding.PriceWriteStarted, "1", 1, attempt=1),
            self.write(onboarding.PriceApplied, "1", 2, settled_by="answer"),
            self.write(onboarding.PriceWriteStarted, "2", 3, attempt=1),
            self.write(onboarding.PriceApplyUncertain, "2", 4, attempt=1, reason="no answer in time"),
            self.write(onboarding.PriceWriteStarted, "2", 5, attempt=2),
            self.write(onboarding.PriceApplied, "2", 6, settled_by="read_back"),
            self.write(onboarding.PriceWriteStarted, "6", 7, attempt=1),
            self.write(onboarding.PriceApplyFailed, "6", 8, reason="refused", detail="422"),
            self.write(onboarding.PriceDecisionStale, "7", 9, reason=onboarding.StaleReason.MANUAL_EDIT),
        ]

    def whole(self) -> list[EventData]:
        """From the request to the last write."""
        scouting = self.scouting(*"1234567")
        return [self.links(*"1234567"), self.asked(), *scouting, *self.analysis(), *self.answers(), *self.writes()]

    def reading(self, product: str, fitness: optimizer.OfferFitness) -> optimizer.OffersObserved:
        """The page of an item was read, with this outcome."""
        offer = self.offer(product).model_copy(update={"fitness": fitness})
        return self.event(optimizer.OffersObserved, SCOUTED, offers=(offer,))

    def offer(self, product: str) -> optimizer.Offer:
        """What a rival's page said of an item."""
        return _OFFER.model_copy(update={"product_id": product, "variant_id": None, "url": self.page(product)})

    def decided(self, product: str, after: timedelta, by: str) -> optimizer.PriceDecided:
        """An item's price is to be written."""
        return self.item(optimizer.PriceDecided, product, after, decision_id=self.decision(product), decided_by=by)

    def item(self, kind: type[E], product: str, after: timedelta = DECIDED, **fields: Any) -> E:
        """Something about one item."""
        names = {"proposal_id": self.proposal(product), "product_id": product, "variant_id": None}
        return self.event(kind, after, **names, **fields)

    def write(self, kind: type[E], product: str, seconds: int, **fields: Any) -> E:
        """Something about an item's write."""
        names = {"decision_id": self.decision(product), "product_id": product, "variant_id": None}
        return self.event(kind, WRITTEN + timedelta(seconds=seconds), **names, **fields)

    def event(self, kind: type[E], after: timedelta, **fields: Any) -> E:
        """An event of the run with an example's values where none are given."""
        own = {"store_id": self.store_id, "occurred_at": self.began + after, "run_id": self.run_id}
        known = {name: value for name, value in own.items() if name in kind.model_fields}
        return kind.model_validate(_fields(kind) | known | fields)


_OFFER = optimizer.Offer.model_validate(fields_of(optimizer.Offer))


@cache
def _fields(kind: type[EventData]) -> dict[str, Any]:
    return example_of(kind).model_dump()
