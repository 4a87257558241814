"""A run from request to result: Scout, Analyst, Executor.

The job may die anywhere and be done again: all ids are derived, the instant of decision is on record, and what was said
already is read back and not said twice.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from thaman_contracts.events.optimizer import Disposition, RunStatistics
from thaman_contracts.events.policies import ShadowPrice
from thaman_contracts.events.scheduler import Trigger
from thaman_contracts.ids import item_key
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_kit.domain import DomainEvent
from thaman_kit.errors import Conflict
from thaman_kit.faultpoint import faultpoint
from thaman_kit.jobs import Job, RetryLater
from thaman_kit.logging import get_logger
from thaman_optimizer.advising import Advising
from thaman_optimizer.domain.analyst import Verdict, judge, judge_in_shadow
from thaman_optimizer.domain.approval import not_priced
from thaman_optimizer.domain.assessment import Assessment
from thaman_optimizer.domain.engine import Move
from thaman_optimizer.domain.facts import ItemFacts, OfferFacts, StoreFacts, counts
from thaman_optimizer.domain.proposal import Lapse, Proposal, Ruling, lapse
from thaman_optimizer.domain.replay import store_from
from thaman_optimizer.domain.run import Found, Market, Run, Stage, milliseconds
from thaman_optimizer.domain.whatif import shadow_prices
from thaman_optimizer.errors import AdviceFailed
from thaman_optimizer.ports import Catalogue, Facts, Keep, Link, MarketMemory, PageReader, Read

log = get_logger(__name__)

ITEMS_PER_SAVE = 160
"""Each item makes at most three events (proposed, decided, an older proposal lapsed), so a save stays below 500. What a
policy in shadow made of them fits one event more."""

ATTEMPTS = 8

MOST_REASON = 500
"""Letters of a failure's reason that are kept."""

PATIENCE_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""How long a run waits for a store, or its first catalogue, that it does not know yet."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the scheduler asked for."""

    run_id: UUID
    store_id: str
    trigger: Trigger
    slot: datetime

    @classmethod
    def of(cls, job: Job) -> "Order":
        """Read a job of the run queue."""
        slot = datetime.fromisoformat(job.payload["slot"])
        return cls(UUID(job.payload["run_id"]), job.store_id, Trigger(job.payload["trigger"]), slot)


@dataclass(slots=True)
class Scene:
    """What a run works on: the store, its items as they are, and the run itself.

    ``known`` are the items with their pasts, once they were loaded: as much as everything else of a run, and so never
    loaded twice. ``shadows`` is what a policy in shadow makes of the items, by their keys.
    """

    order: Order
    store: StoreFacts
    catalogue: Catalogue
    run: Run
    known: tuple[ItemFacts, ...] | None = None
    unstored: list[DomainEvent] = field(default_factory=list)
    shadows: dict[str, ShadowPrice] = field(default_factory=dict)


class Runs:
    """Does the jobs of the run queue."""

    def __init__(
        self,
        application: EventSourcedApplication,
        facts: Facts,
        market: MarketMemory,
        pages: PageReader,
        advising: Advising,
        *,
        keep: Keep,
        clock: Clock,
        refetch_after: timedelta,
    ) -> None:
        self._application = application
        self._facts = facts
        self._market = market
        self._pages = pages
        self._advising = advising
        self._keep = keep
        self._clock = clock
        self._refetch_after = refetch_after

    async def handle(self, job: Job) -> None:
        """Do one run, or finish one that was begun."""
        order = Order.of(job)
        scene = await asyncio.to_thread(self._set, order, job)
        if scene is None:
            return
        if scene.run.stage is Stage.NEW:
            await self._scout(scene)
        if self._advising.is_wanted(scene.store) and not await self._assess(scene):
            return
        await asyncio.to_thread(self._decide, scene, job)

    # -- Scout -----------------------------------------------------------------------------------------------------

    def _set(self, order: Order, job: Job) -> Scene | None:
        """Load what is needed; ``None`` when there is nothing to do (any more)."""
        run = self._application.find(Run, order.run_id) or Run(order.run_id)
        if run.is_over:
            return None
        now = self._clock.now()
        store = self._facts.store(order.store_id, now)
        if (store is None or store.catalogue_at is None) and job.attempts <= len(PATIENCE_S):
            # The scheduler's stream may be ahead of onboarding's: what makes the store known is then still to come.
            raise RetryLater(
                PATIENCE_S[job.attempts - 1], "the store or its catalogue is not known here yet", forgive=False
            )
        if store is None:
            unit = self._application.unit_of_work()
            run.fail(order.store_id, "scout", "the store is not connected here", now)
            self._keep(unit, [], [run])
            unit.complete(job)
            unit.commit()
            return None
        if run.stage is Stage.NEW and run.started_at is None:
            catalogue = self._facts.items(order.store_id, now)
            run.start(store, order.trigger, order.slot, len(catalogue.items), now)
        else:
            # Begun before, by a process that died: it goes on with the store as it is on record, or nobody could
            # recompute it. Whatever has changed since, the fence among it, is looked at before a price is written.
            store = store_from(run.store_inputs) if run.store_inputs else store
            catalogue = self._facts.items(order.store_id, run.decides_at)
        return Scene(order, store, catalogue, run)

    async def _scout(self, scene: Scene) -> None:
        links = await asyncio.to_thread(self._market.links, scene.store.store_id)
        began = scene.run.started_at
        assert began is not None
        due = [] if not_priced(scene.store) else [link for link in links if self._is_due(link, began)]
        if not due:
            # Nothing new to read: the hand-over is stored with the decisions, which saves a transaction.
            scene.run.hand_over([], _market(scene, len(links), []), began)
            return
        read = await self._pages.read(due, scene.store.vat_bp)
        await asyncio.to_thread(self._hand_over, scene, len(links), read)

    def _is_due(self, link: Link, now: datetime) -> bool:
        return link.seen_at is None or now - link.seen_at >= self._refetch_after

    def _hand_over(self, scene: Scene, links: int, read: Sequence[Read]) -> None:
        faultpoint("optimizer.run.before_scouted")
        now = self._clock.now()
        scene.run.hand_over([one.offer for one in read], _market(scene, links, read), now)
        unit = self._application.unit_of_work()
        self._keep(unit, [], [scene.run])
        self._market.remember(unit, scene.store.store_id, read, now)
        unit.commit()
        faultpoint("optimizer.run.after_scouted")
        scene.catalogue = self._facts.items(scene.store.store_id, now)

    # -- Advice ----------------------------------------------------------------------------------------------------

    async def _assess(self, scene: Scene) -> bool:
        """Ask a crew, unless that was done before; returns whether anything is left to do.

        The answer is stored at once, so that a run that dies after it never asks again. A run that said something
        without advice goes on without.
        """
        said = await asyncio.to_thread(self._market.said, scene.run.id)
        if scene.run.assessed is not None or said:
            return True
        found = await self._advising.ask(scene.store, lambda: self._known(scene), scene.run.decides_at)
        return await asyncio.to_thread(self._save_assessed, scene, found)

    def _save_assessed(self, scene: Scene, found: Found) -> bool:
        scene.run.assess(found, self._clock.now())
        scene.unstored = scene.run.collect_events()
        unit = self._application.unit_of_work()
        self._keep(unit, scene.unstored)
        try:
            unit.commit()
        except Conflict:
            # Another worker does this run, too: its advice came first and holds.
            return self._reload(scene)
        scene.unstored = []
        return True

    # -- Analyst and Executor --------------------------------------------------------------------------------------

    def _decide(self, scene: Scene, job: Job) -> None:
        """Judge every item, then record it in as few saves as its size allows."""
        ruling = Ruling(scene.order.run_id, scene.store, scene.run.decides_at)
        scene.unstored = [*scene.unstored, *scene.run.collect_events()]
        try:
            verdicts = self._judge(scene, ruling.now)
        except AdviceFailed as error:
            log.exception("advice_failed")
            self._give_up(scene, job, str(error))
            return
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._record(scene, ruling, verdicts, job)
            except Conflict:
                # A person answered an older proposal meanwhile, or another worker did this run: look again.
                job.completed = False
                if attempt == ATTEMPTS:
                    raise
                if not self._reload(scene):
                    return
            else:
                return

    def _judge(self, scene: Scene, now: datetime) -> list[Verdict]:
        store, items = scene.store, self._known(scene)
        advice = Assessment.of(scene.run.assessed)
        verdicts = judge(store, items, now, advice)
        try:
            scene.shadows = shadow_prices(verdicts, judge_in_shadow(store, items, now, advice))
        except AdviceFailed:
            # A policy on trial must not stop the ones that decide; that it shows no prices is what its merchant sees.
            log.exception("shadow_failed")
        return verdicts

    def _known(self, scene: Scene) -> tuple[ItemFacts, ...]:
        if scene.known is None:
            at = scene.run.decides_at
            scene.known = self._facts.with_pasts(scene.store.store_id, scene.catalogue.items, at)
        return scene.known

    def _give_up(self, scene: Scene, job: Job, reason: str) -> None:
        """End the run without a result."""
        scene.run.fail(scene.store.store_id, "analyst", reason[:MOST_REASON], self._clock.now())
        unit = self._application.unit_of_work()
        self._keep(unit, scene.unstored, [scene.run])
        unit.complete(job)
        unit.commit()

    def _reload(self, scene: Scene) -> bool:
        """Take the run as it is stored now; returns whether anything is left to do."""
        stored = self._application.find(Run, scene.run.id)
        if stored is not None:
            if not stored.is_over and (stored.started_at, stored.scouted) != (scene.run.started_at, scene.run.scouted):
                raise RetryLater(PATIENCE_S[0], "another worker began this run: it goes on from what that one recorded")
            scene.run, scene.unstored = stored, []
            return not stored.is_over
        scene.run = Run.fold(scene.run.id, iter(scene.unstored)) or Run(scene.run.id)
        return True

    def _record(self, scene: Scene, ruling: Ruling, verdicts: Sequence[Verdict], job: Job) -> None:
        said = self._market.said(ruling.run_id)
        pending = self._market.pending(ruling.store.store_id)
        pages = list(_pages([one for one in verdicts if one.proposal_id(ruling.run_id) not in said]))
        for number, page in enumerate(pages, 1):
            unit = self._application.unit_of_work()
            self._keep(unit, scene.unstored)
            self._say(unit, scene, ruling, page, pending)
            said |= {verdict.proposal_id(ruling.run_id): verdict.disposition for verdict in page}
            if number == len(pages):
                self._end(unit, scene, said, job)
                return
            unit.commit()
            scene.unstored = []
            faultpoint("optimizer.run.between_saves")

    def _end(self, unit: UnitOfWork, scene: Scene, said: dict[UUID, Disposition], job: Job) -> None:
        now = self._clock.now()
        scene.run.complete(_statistics(scene, said, now), now)
        self._keep(unit, [], [scene.run])
        unit.complete(job)
        faultpoint("optimizer.run.before_completed")
        unit.commit()
        faultpoint("optimizer.run.after_completed")

    def _say(
        self, unit: UnitOfWork, scene: Scene, ruling: Ruling, page: Sequence[Verdict], pending: dict[str, list[Lapse]]
    ) -> None:
        proposals: list[Proposal] = []
        lapsed: list[DomainEvent] = []
        for verdict in page:
            proposal, held_to = Proposal.of(ruling.run_id, verdict.item), replace(ruling, store=verdict.store)
            if isinstance(verdict.finding, Move):
                proposal.propose(held_to, verdict.item, verdict.finding, verdict.inputs)
                older = pending.get(verdict.key, [])
                lapsed += [lapse(one, "superseded", ruling.now) for one in older if one.run_id != ruling.run_id]
            else:
                proposal.hold(held_to, verdict.item, verdict.finding, verdict.inputs)
            proposals.append(proposal)
        shadowed = [scene.shadows[verdict.key] for verdict in page if verdict.key in scene.shadows]
        if shadowed and scene.store.trial is not None:
            scene.run.shadow(scene.store.trial.version, shadowed, ruling.now)
        self._keep(unit, lapsed, [*proposals, scene.run])


def _pages(verdicts: Sequence[Verdict]) -> Iterator[Sequence[Verdict]]:
    """Parts that fit a save; one empty part when there is nothing to say, because the run still has to end."""
    for first in range(0, max(len(verdicts), 1), ITEMS_PER_SAVE):
        yield verdicts[first : first + ITEMS_PER_SAVE]


def _market(scene: Scene, links: int, read: Sequence[Read]) -> Market:
    """What the Scout hands over: the latest offer of every link, read now or recorded before."""
    latest = {
        (item_key(item.product_id, item.variant_id), offer.url): (offer.counts, offer.competitor)
        for item in scene.catalogue.items
        for offer in item.offers
    }
    latest |= {
        (one.offer.key, one.offer.url): (counts(one.offer.fitness, one.offer.confidence_bp), one.offer.competitor)
        for one in read
    }
    usable = [competitor for moves, competitor in latest.values() if moves]
    return Market(
        items=len({key for key, _ in latest}),
        links=links,
        offers_usable=len(usable),
        offers_unusable=len(latest) - len(usable),
        competitors=len(set(usable)),
    )


def _statistics(scene: Scene, said: dict[UUID, Disposition], now: datetime) -> RunStatistics:
    counts = Counter(said.values())
    max_age = timedelta(minutes=scene.store.settings.offer_max_age_minutes)
    at = scene.run.decides_at
    fresh = [offer for item in scene.catalogue.items for offer in item.offers if _is_fresh(offer, at, max_age)]
    began = scene.run.started_at
    assert began is not None
    return RunStatistics(
        analysed=len(said),
        updated=counts[Disposition.WRITE],
        asked=counts[Disposition.ASK],
        held=counts[Disposition.HOLD],
        skipped=scene.catalogue.skipped,
        competitors=len({offer.competitor for offer in fresh}),
        offers_usable=len(fresh),
        duration_ms=milliseconds(began, now),
    )


def _is_fresh(offer: OfferFacts, now: datetime, max_age: timedelta) -> bool:
    return offer.counts and now - offer.observed_at <= max_age
