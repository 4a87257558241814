"""The clock's hand: at every tick all due jobs are claimed, worked out and stored, many stores in one transaction.

Three things keep a slot from being filled twice: a claim keeps other replicas off the row, the transaction is
refused if the claim was lost, and the slot's event has an originator of its own of which version 1 exists once.
"""

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_kit.errors import Conflict, EffectRefused
from thaman_kit.faultpoint import faultpoint
from thaman_scheduler.domain.installation import INSTALLATION_ID, Installation
from thaman_scheduler.domain.jobs import DueRow, Job, Rules, slot_originator, timing_of, trigger_of
from thaman_scheduler.domain.requests import fill_slot
from thaman_scheduler.domain.schedule import Schedule, schedule_id
from thaman_scheduler.domain.steps import Step, candidate, step
from thaman_scheduler.ports import Tables

logger = logging.getLogger(__name__)

ATTEMPTS = 5


@dataclass(slots=True)
class Ticked:
    """What one tick did: slots filled by job, and transactions used."""

    filled: Counter[Job] = field(default_factory=Counter)
    saves: int = 0


class Ticker:
    """Fills due slots; any number of them may run at once."""

    def __init__(
        self,
        application: EventSourcedApplication,
        tables: Tables,
        clock: Clock,
        rules: Rules,
        *,
        batch: int = 500,
        claim_seconds: int = 60,
    ) -> None:
        self._application = application
        self._tables = tables
        self._clock = clock
        self._rules = rules
        self._batch = batch
        self._claim_seconds = claim_seconds

    def tick(self) -> Ticked:
        """Fill everything that is due now. Blocks; run it in a thread."""
        now = self._clock.now()
        done = Ticked()
        while True:
            claim = uuid4()
            claimed = self._tables.claim(claim, now, self._batch, self._claim_seconds)
            if claimed:
                self._fill(claim, now, done)
            if claimed < self._batch:
                return done

    def _fill(self, claim: UUID, now: datetime, done: Ticked) -> None:
        faultpoint("scheduler.tick.after_claim")
        rules = self._rules.under(self._tables.system_settings())
        for _ in range(ATTEMPTS):
            rows = self._tables.claimed(claim)
            if not rows:
                return
            try:
                filled = self._save(claim, rows, now, rules)
            except (Conflict, EffectRefused) as error:
                # Somebody was faster, or a store's schedule changed in between: look at what is left of the claim.
                logger.info("a batch of %d due jobs is worked out again: %s", len(rows), error)
                continue
            faultpoint("scheduler.tick.after_save")
            done.filled.update(filled)
            done.saves += 1
            return
        self._tables.release(claim)
        logger.warning("a batch of due jobs met a conflict %d times; the next tick takes it up again", ATTEMPTS)

    def _save(self, claim: UUID, rows: list[DueRow], now: datetime, rules: Rules) -> Counter[Job]:
        taken = self._taken(rows, now, rules)
        unit = self._application.unit_of_work()
        outcomes: list[tuple[DueRow, Step]] = []
        for row in rows:
            outcome = step(timing_of(row.job, row.facts, rules), row.after, now, taken=(row.store_id, row.job) in taken)
            outcomes.append((row, outcome))
            self._record(unit, row, outcome, now, rules)
        self._tables.settle(unit, claim, outcomes)
        unit.commit()
        return Counter(row.job for row, outcome in outcomes if outcome.fill is not None)

    def _taken(self, rows: list[DueRow], now: datetime, rules: Rules) -> set[tuple[str, Job]]:
        wanted = {}
        for row in rows:
            slot = candidate(timing_of(row.job, row.facts, rules), row.after, now)
            if slot is not None:
                wanted[slot_originator(row.job, row.store_id, slot.isoformat())] = (row.store_id, row.job)
        return {wanted[originator] for originator in self._tables.taken(list(wanted))} if wanted else set()

    def _record(self, unit: UnitOfWork, row: DueRow, outcome: Step, now: datetime, rules: Rules) -> None:
        if outcome.reanchored:
            _owner(unit, row).reanchor(row.job, row.after, outcome.after, now)
            logger.warning("%s of store %s goes on from %s: its memory lay ahead of time", row.job, row.store_id, now)
        if outcome.fill is not None:
            trigger = trigger_of(outcome.fill, row.facts, catch_up=outcome.catch_up)
            unit.record(fill_slot(row.job, row.store_id, outcome.fill, trigger, now=now, rules=rules))


def _owner(unit: UnitOfWork, row: DueRow) -> Schedule | Installation:
    if row.job is Job.RETENTION:
        return unit.get(Installation, INSTALLATION_ID)
    return unit.get(Schedule, schedule_id(row.store_id))
