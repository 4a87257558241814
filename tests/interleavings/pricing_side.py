"""The optimizer's side of the simulated world: it proposes, is answered, decides and undoes, by what it has heard."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.support.facts import NO_PAST, make_item, make_offer, make_store

from thaman_contracts.events import onboarding
from thaman_contracts.events.optimizer import Disposition, PriceDecided, UndoScope
from thaman_kit.domain import DomainEvent
from thaman_optimizer.domain.analyst import judge
from thaman_optimizer.domain.approval import changed_input, not_priced
from thaman_optimizer.domain.engine import Move
from thaman_optimizer.domain.facts import ItemFacts, StoreFacts
from thaman_optimizer.domain.overlay import under
from thaman_optimizer.domain.proposal import Proposal, Ruling
from thaman_optimizer.domain.restoration import Restoration
from thaman_optimizer.domain.undo import Change, Leave, Restore, plan

IN_FLIGHT = ("decided", "writing", "uncertain")
EAGER = {
    "mode": "semi_auto",
    "cooldown_minutes": 0,
    "changes_per_day": 24,
    "week_move_bp": 10_000,
    "max_step_bp": 5_000,
    "manual_edit_hold_hours": 0,
    "risk_tolerance": "high",
    "min_offers": 1,
}


@dataclass
class Decided:
    """A decision and what was heard of it; ``restores`` is the price that an undo promised."""

    decision: PriceDecided
    state: str = "decided"
    old_base_price: int | None = None
    restores: int | None = None


@dataclass
class PricingSide:
    """One item of one store, as the optimizer knows it."""

    now: datetime
    store: StoreFacts = field(default_factory=lambda: make_store(fence=0, settings=EAGER))
    item: ItemFacts = field(default_factory=lambda: make_item(past=NO_PAST))
    outbox: list[PriceDecided] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    decisions: list[Decided] = field(default_factory=list)
    applied: list[UUID] = field(default_factory=list)
    histories: dict[UUID, list[DomainEvent]] = field(default_factory=dict)
    runs: int = 0

    def run(self, rival: int) -> None:
        """A pricing run, in which the one rival asks ``rival``."""
        self.runs += 1
        offers = tuple(
            replace(make_offer(rival, name), observed_at=self.now) for name in ("rival a", "rival b", "rival c")
        )
        facts = replace(self._facts(), offers=offers)
        store = replace(self.store, catalogue_at=self.now)
        if not_priced(store) is not None:
            return
        (verdict,) = judge(store, [facts], self.now)
        for waiting in [one for one in self.proposals if self._is_pending(one)]:
            waiting.expire("superseded", self.now)
            self._keep(waiting)
        proposal = Proposal.of(UUID(int=self.runs), facts)
        ruling = Ruling(UUID(int=self.runs), verdict.store, self.now)
        if isinstance(verdict.finding, Move):
            proposal.propose(ruling, facts, verdict.finding, verdict.inputs)
            if verdict.disposition is Disposition.ASK:
                self.proposals.append(proposal)
        else:
            proposal.hold(ruling, facts, verdict.finding, verdict.inputs)
        self._keep(proposal)

    def approve(self, which: int) -> None:
        """A person lets a waiting proposal through, as the application does it."""
        waiting = [one for one in self.proposals if self._is_pending(one)]
        if not waiting or not_priced(self.store) is not None or self._facts().in_flight:
            return
        proposal = waiting[which % len(waiting)]
        proposed = proposal.waiting(self.now)
        store = under(self.store, None)
        changed = changed_input(proposed, store, self._facts())
        if changed is None:
            proposal.approve("key_1", None, store, self.now)
        else:
            proposal.expire("inputs_changed", self.now)
        self._keep(proposal)

    def undo(self, last: int) -> Restore | Leave | None:
        """A person takes back the last so many of our changes."""
        if not_priced(self.store) is not None or not self.applied:
            return None
        by_id = {one.decision.decision_id: one for one in self.decisions}
        changes = [Change(id, by_id[id].old_base_price, by_id[id].decision.base_price) for id in self.applied]
        meant = set(self.applied[-last:])
        store = replace(self.store, catalogue_at=self.now)
        outcome = plan(store, self._facts(), changes, meant, self.now)
        if isinstance(outcome, Restore):
            self.runs += 1
            restoration = Restoration.of(UUID(int=self.runs), outcome)
            restoration.restore(UUID(int=self.runs), store, outcome, UndoScope.DECISIONS, "key_1", self.now)
            self._keep(restoration)
            self.decisions[-1].restores = outcome.base_price
        return outcome

    def hear(self, event: Any) -> None:
        """Something that onboarding tells."""
        match event:
            case onboarding.StorePaused():
                self.store = replace(self.store, paused=True, fence=event.fence)
            case onboarding.StoreResumed():
                self.store = replace(self.store, paused=False, fence=event.fence)
            case onboarding.CatalogObserved():
                (seen,) = event.items
                self.item = replace(self.item, base_price=seen.base_price, shelf_price=seen.shelf_price, cost=seen.cost)
            case onboarding.ManualEditDetected():
                self._price(event.found_base_price)
            case onboarding.ItemRulesChanged():
                self.item = replace(self.item, locked=event.rules[0].locked)
            case _:
                self._report(event)

    def is_quiet(self) -> bool:
        """Whether nothing is decided that is not settled."""
        return not any(one.state in IN_FLIGHT for one in self.decisions)

    def _report(self, event: Any) -> None:
        known = next(one for one in self.decisions if one.decision.decision_id == event.decision_id)
        match event:
            case onboarding.PriceWriteStarted():
                known.state, known.old_base_price = "writing", event.expected_base_price
            case onboarding.PriceApplyUncertain():
                known.state = "uncertain"
            case onboarding.PriceApplied():
                known.state = "applied"
                self.applied.append(event.decision_id)
                self._price(event.base_price)
            case _:
                known.state = "stale"

    def _price(self, base: int) -> None:
        self.item = replace(self.item, base_price=base, shelf_price=base)

    def _facts(self) -> ItemFacts:
        return replace(self.item, in_flight=not self.is_quiet())

    def _is_pending(self, proposal: Proposal) -> bool:
        return proposal.state.value == "pending"

    def _keep(self, aggregate: Proposal | Restoration) -> None:
        events: Sequence[DomainEvent] = aggregate.collect_events()
        self.histories.setdefault(aggregate.id, []).extend(events)
        decided = [event for event in events if isinstance(event, PriceDecided)]
        self.outbox += decided
        self.decisions += [Decided(event) for event in decided]
