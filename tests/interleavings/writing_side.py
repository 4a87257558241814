"""Onboarding's side of the simulated world, and Salla: stops, the writer's table of decisions, calls that get lost."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from thaman_contracts.events import onboarding
from thaman_contracts.events.onboarding import CatalogItem, ItemStatus, ObservationSource
from thaman_contracts.events.optimizer import PriceDecided
from thaman_contracts.events.settings import ItemRule, StoreSettings
from thaman_kit.domain import DomainEvent
from thaman_onboarding.domain.catalogue import KnownItem
from thaman_onboarding.domain.last_moment import Circumstances, cost_floor
from thaman_onboarding.domain.price_write import PriceWrite, WriteState
from thaman_onboarding.domain.settling import Apply, Fail, GoStale, OpenDecision, Start, WritePolicy, judge
from thaman_onboarding.domain.vat import VatBasis

POLICY = WritePolicy()
PRODUCT = "10"


@dataclass
class Call:
    """A price on its way to Salla; ``fence`` was in force when it was sent."""

    decision: PriceDecided
    sent_at: datetime
    fence: int


@dataclass
class Change:
    """A price that changed at Salla, by a call of ours or (``None``) by hand."""

    old: int
    new: int
    call: Call | None


@dataclass
class WritingSide:
    """One item of one store, as onboarding knows it, and as it stands at Salla (``price``, ``cost``)."""

    now: datetime
    settings: StoreSettings
    price: int = 10_000
    cost: int = 5_000
    paused: bool = False
    fence: int = 0
    locked: bool = False
    outbox: list[Any] = field(default_factory=list)
    open: dict[UUID, OpenDecision] = field(default_factory=dict)
    writes: dict[UUID, PriceWrite] = field(default_factory=dict)
    histories: dict[UUID, list[DomainEvent]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    began: list[tuple[PriceDecided, Circumstances, int]] = field(default_factory=list)
    last: UUID | None = None
    _sent: dict[UUID, datetime] = field(default_factory=dict)
    _doubted: set[UUID] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.known = KnownItem(self._item(), True, "", None, 0)

    def take(self, decision: PriceDecided) -> None:
        """A decision arrives."""
        self.open[decision.decision_id] = OpenDecision(decision, PRODUCT, WriteState.DUE)
        self.writes[decision.decision_id] = PriceWrite(decision.decision_id)
        self.last = decision.decision_id

    def pause(self, paused: bool) -> None:
        """The merchant stops pricing, or lets it go on; both raise the fence."""
        if paused == self.paused:
            return
        self.paused, self.fence = paused, self.fence + 1
        common = {"store_id": "1", "occurred_at": self.now, "fence": self.fence}
        self.outbox.append(
            onboarding.StorePaused(**common, paused_by="x", reason="x")
            if paused
            else onboarding.StoreResumed(**common, resumed_by="x")
        )

    def lock(self, locked: bool) -> None:
        """The merchant locks the item, or unlocks it."""
        self.locked = locked
        rules = (ItemRule(product_id=PRODUCT, locked=locked),)
        self.outbox.append(onboarding.ItemRulesChanged(store_id="1", occurred_at=self.now, rules=rules, changed_by="x"))

    def edit(self, price: int) -> None:
        """Somebody changes the price at Salla."""
        if price != self.price:
            self.changes.append(Change(self.price, price, None))
            self.price = price

    def sweep(self) -> None:
        """The store is read; what the writer has in hand is left to the writer."""
        if self.known.writing is not None:
            return
        edited = self.known.edited_by_hand(self.price)
        common = {"store_id": "1", "occurred_at": self.now}
        if edited:
            self.outbox.append(
                onboarding.ManualEditDetected(
                    **common, product_id=PRODUCT, expected_base_price=self.known.base_price,
                    found_base_price=self.price, found_by="sweep",
                )
            )  # fmt: skip
        self._seen(ObservationSource.SWEEP)

    def look(self, id: UUID) -> None:
        """The writer looks at an open decision and does what its table says, unless it waits for an answer."""
        pending = self._aged(self.open[id])
        if pending.state is WriteState.STARTED and self._is_on_its_way(pending):
            return
        world = self.circumstances(pending)
        verdict = judge(pending, world, self.price, POLICY)
        write, decision = self.writes[id], pending.decision
        match verdict:
            case Start():
                self.began.append((decision, world, self.price))
                write.start(decision, self.now, call="single", fence=self.fence)
                self.known = replace(self.known, writing=decision.base_price)
                self.calls.append(Call(decision, self.now, self.fence))
                self._sent[id] = self.now
                self.open[id] = replace(
                    pending, state=WriteState.STARTED, attempt=write.attempt, call="single", in_flight=True, age=0.0
                )
            case Apply():
                write.apply(decision, self.now, shelf_price=decision.shelf_price, settled_by="read_back")
                self._settle(id, written=decision.base_price)
            case GoStale(stale):
                write.go_stale(decision, self.now, stale.reason, stale.detail, self.price)
                self._settle(id)
            case Fail(reason, detail):
                write.fail(decision, self.now, reason, detail)
                self._settle(id)
        self._tell(write)

    def doubt(self, id: UUID) -> None:
        """The call's answer does not come."""
        pending, write = self.open[id], self.writes[id]
        if pending.state.is_open:
            write.doubt(pending.decision, self.now, "no answer")
            self._doubted.add(id)
            self.open[id] = replace(pending, state=WriteState.UNCERTAIN, doubts=pending.doubts + 1)
            self._tell(write)

    def land(self, which: int, *, lost: bool) -> None:
        """A call reaches Salla, or gets lost. None takes longer than the writer reckons with."""
        if not self.calls:
            return
        call = self.calls.pop(which % len(self.calls))
        if lost:
            self._lose(call)
            return
        if self.price != call.decision.base_price:
            self.changes.append(Change(self.price, call.decision.base_price, call))
            self.price = call.decision.base_price

    def pass_time(self, seconds: float) -> None:
        """Time passes; calls that are too old have come to nothing."""
        self.now += timedelta(seconds=seconds)
        oldest = self.now - timedelta(seconds=POLICY.settle_grace)
        late = [call for call in self.calls if call.sent_at <= oldest]
        self.calls = [call for call in self.calls if call.sent_at > oldest]
        for call in late:
            self._lose(call)

    def _lose(self, call: Call) -> None:
        if call.decision.decision_id in self.open:
            self.doubt(call.decision.decision_id)

    def circumstances(self, pending: OpenDecision) -> Circumstances:
        """The world at the last moment."""
        return Circumstances(
            now=self.now,
            connected=True,
            paused=self.paused,
            stopped=False,
            entitled=True,
            fence=self.fence,
            settings=self.settings,
            basis=VatBasis(True, 1_500),
            item=self.known,
            rule=ItemRule(product_id=PRODUCT, locked=self.locked),
            superseded=pending.id != self.last,
        )

    def floor(self) -> int:
        """The lowest shelf price that the known cost allows."""
        assert self.known.item.cost is not None
        floor = cost_floor(self.known.item.cost, self.settings, 1_500)
        assert floor is not None
        return floor

    def _is_on_its_way(self, pending: OpenDecision) -> bool:
        mine = [call for call in self.calls if call.decision.decision_id == pending.id]
        return any(call.sent_at == self._sent[pending.id] for call in mine)

    def _aged(self, pending: OpenDecision) -> OpenDecision:
        repeated = [id for id in self._doubted if self.writes[id].attempt > 1]
        applied = [self._age(id) for id in repeated if self.writes[id].state is WriteState.APPLIED]
        pending = replace(pending, single_age=min(applied, default=None))
        return replace(pending, age=self._age(pending.id)) if pending.id in self._sent else pending

    def _age(self, id: UUID) -> float:
        return (self.now - self._sent[id]).total_seconds()

    def _settle(self, id: UUID, written: int | None = None) -> None:
        del self.open[id]
        last = self.known.last_written if written is None else written
        self.known = replace(self.known, writing=None, last_written=last, write_version=self.known.write_version + 1)

    def _tell(self, write: PriceWrite) -> None:
        events = write.collect_events()
        self.histories.setdefault(write.id, []).extend(events)
        self.outbox += events
        if write.state.is_settled and events:
            self._seen(ObservationSource.READ_BACK)

    def _seen(self, source: ObservationSource) -> None:
        self.known = replace(self.known, item=self._item())
        self.outbox.append(
            onboarding.CatalogObserved(
                store_id="1", occurred_at=self.now, source=source, sweep_id=uuid4(), last_page=True,
                prices_include_vat=True, vat_bp=1_500, items=(self.known.item,),
            )
        )  # fmt: skip

    def _item(self) -> CatalogItem:
        return CatalogItem(
            product_id=PRODUCT, name="oud", status=ItemStatus.SALE, currency="SAR", base_price=self.price,
            shelf_price=self.price, cost=self.cost,
        )  # fmt: skip
