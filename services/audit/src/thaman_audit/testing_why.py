"""For tests of "why this price": one item's price from the first look at it to the read-back of a decided one."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from thaman_audit.testing import NOW
from thaman_audit.testing_runs import FullRun
from thaman_contracts.events import EventData, advice, onboarding, optimizer
from thaman_contracts.ids import item_key, proposal_id

E = TypeVar("E", bound=EventData)

PROPOSED, ANSWERED, WRITTEN = (timedelta(minutes=number) for number in (2, 60, 61))


@dataclass(frozen=True)
class Pricing:
    """A run that changes one item's base price from ``old`` to ``new`` (halalas), ``hours`` after the first instant."""

    store_id: str
    old: int
    new: int
    product: str = "1"
    variant: str | None = None
    cause: str = "r1"
    hours: int = 1
    run: FullRun = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "run", FullRun(self.store_id, self.cause, self.hours))

    @property
    def item(self) -> str:
        """The item's key."""
        return item_key(self.product, self.variant)

    def seen(self, price: int | None = None, minutes: int = -30, **fields: Any) -> onboarding.CatalogObserved:
        """Salla's catalogue shows the item, ``minutes`` after the run began."""
        shown = self.old if price is None else price
        item = {
            "product_id": self.product, "variant_id": self.variant, "name": "عطر العود 100ml", "sale_price": None,
            "sale_running": False, "status": "sale", "currency": "SAR", "base_price": shown, "shelf_price": shown,
            "cost": 6_000, "stock": 7,
        }  # fmt: skip
        return onboarding.CatalogObserved(
            store_id=self.store_id,
            occurred_at=self.run.began + timedelta(minutes=minutes),
            source=onboarding.ObservationSource.SWEEP,
            prices_include_vat=True,
            vat_bp=1_500,
            items=(onboarding.CatalogItem.model_validate(item | fields),),
        )

    def market(self, *, advised: bool = False) -> list[EventData]:
        """The run begins and reads one rival's page about the item."""
        links = (optimizer.CompetitorLink(competitor="المنافس", url=self.page),)
        linked = optimizer.CompetitorLinks(product_id=self.product, variant_id=self.variant, links=links)
        asked = self.run.event(optimizer.CompetitorLinksChanged, timedelta(), items=(linked,))
        begun, *rest = [event for event in self.run.scouting() if advised or not _is_advice(event)]
        return [asked, self.run.asked(), begun, self.offers(), *rest]

    @property
    def page(self) -> str:
        """The rival's page; its address names the store."""
        return f"https://rival.example/{self.store_id}/{self.item}"

    def offers(self, **fields: Any) -> optimizer.OffersObserved:
        """What the rival's page said in this run."""
        known = {"product_id": self.product, "variant_id": self.variant, "url": self.page, "competitor": "المنافس"}
        price = {"price": self.new, "currency": "SAR", "observed_at": self.run.began + timedelta(minutes=1)}
        offer = self.run.offer(self.product).model_dump() | known | price | fields
        offers = (optimizer.Offer.model_validate(offer),)
        return self.run.event(optimizer.OffersObserved, timedelta(minutes=1), offers=offers)

    def proposed(self, **fields: Any) -> optimizer.PriceProposed:
        """The proposal."""
        step = optimizer.GuardStep(guard="largest_step", outcome="move", before=self.new - 100, after=self.new)
        told = {
            "old_base_price": self.old, "new_base_price": self.new, "old_shelf_price": self.old,
            "new_shelf_price": self.new, "floor": 8_000, "ceiling": 13_000, "reference": self.new, "offers_used": 1,
            "trail": (step,),
            "expected_weekly_profit_change": 1_250, "interval80_low": -300, "interval80_high": 2_000,
            "probability_of_gain_bp": 7_100, "risk_reasons": ("small_cut",),
        }  # fmt: skip
        return self.about(optimizer.PriceProposed, PROPOSED, **told | fields)

    def decided(self, by: str = "policy", after: timedelta = PROPOSED) -> optimizer.PriceDecided:
        """The decision."""
        prices = {"expected_base_price": self.old, "base_price": self.new, "shelf_price": self.new}
        return self.about(optimizer.PriceDecided, after, decision_id=self.decision_id, decided_by=by, **prices)

    def approved(self, by: str, digest: str | None) -> list[EventData]:
        """A person says yes."""
        approval = self.about(optimizer.PriceApproved, ANSWERED, approved_by=by, shown_digest=digest)
        return [approval, self.decided(by, ANSWERED)]

    def started(self, attempt: int = 1, seconds: int = 1) -> onboarding.PriceWriteStarted:
        """A write begins."""
        prices = {"expected_base_price": self.old, "target_base_price": self.new}
        return self.written(onboarding.PriceWriteStarted, seconds, attempt=attempt, call="single", **prices)

    def uncertain(self, seconds: int = 2) -> onboarding.PriceApplyUncertain:
        """Its outcome is unknown."""
        told = {"attempt": 1, "target_base_price": self.new, "reason": "no answer in time"}
        return self.written(onboarding.PriceApplyUncertain, seconds, **told)

    def applied(self, seconds: int = 3, settled_by: str = "answer") -> list[EventData]:
        """It is read back, and the catalogue shows it, in the order in which the writer tells both."""
        prices = {"old_base_price": self.old, "base_price": self.new, "shelf_price": self.new}
        told = self.written(onboarding.PriceApplied, seconds, settled_by=settled_by, **prices)
        shown = self.seen(self.new).model_copy(
            update={"occurred_at": told.occurred_at, "source": onboarding.ObservationSource.READ_BACK}
        )
        return [told, shown]

    def whole(self) -> list[EventData]:
        """From the first look to the read-back, decided by the policy."""
        return [self.seen(), *self.market(), self.proposed(), self.decided(), self.started(), *self.applied()]

    def edited(self, found: int, minutes: int) -> list[EventData]:
        """Somebody edits the price by hand, so many minutes after the run began; the catalogue tells it, too."""
        at = self.run.began + timedelta(minutes=minutes)
        edit = onboarding.ManualEditDetected(
            store_id=self.store_id, occurred_at=at, product_id=self.product, variant_id=self.variant,
            expected_base_price=self.new, found_base_price=found, found_by="webhook",
        )  # fmt: skip
        return [self.seen(found, minutes), edit]

    @property
    def decision_id(self) -> UUID:
        """The decision's id."""
        return self.run.decision(self.item)

    def about(self, kind: type[E], after: timedelta, **fields: Any) -> E:
        """Something that the optimizer says of the item."""
        names = {"proposal_id": proposal_id(self.run.run_id, self.item), "product_id": self.product}
        return self.run.event(kind, after, **names, variant_id=self.variant, **fields)

    def written(self, kind: type[E], seconds: int, **fields: Any) -> E:
        """Something that onboarding says of the item's write."""
        names = {"decision_id": self.decision_id, "product_id": self.product, "variant_id": self.variant}
        return self.run.event(kind, WRITTEN + timedelta(seconds=seconds), **names, **fields)


def at(hours: float = 0, minutes: float = 0) -> datetime:
    """An instant after the tests' first."""
    return NOW + timedelta(hours=hours, minutes=minutes)


def _is_advice(event: EventData) -> bool:
    return isinstance(event, advice.MarketAssessed)
