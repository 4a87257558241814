"""Recording what the writer decided and what came of it: one transaction before the calls, one after."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from thaman_contracts.events.onboarding import ObservationSource, StaleReason
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_kit.domain import caused_by
from thaman_kit.faultpoint import faultpoint
from thaman_kit.jobs import Job
from thaman_onboarding.adapters import salla_measures as measures
from thaman_onboarding.adapters import write_store
from thaman_onboarding.adapters.catalogue_store import StoreView, keep_items
from thaman_onboarding.adapters.write_history import load_writes
from thaman_onboarding.application.breaker import tell, watch
from thaman_onboarding.domain.catalogue import KnownItem, Observation, SeenItem
from thaman_onboarding.domain.price_write import PriceWrite, WriteState
from thaman_onboarding.domain.settling import (
    BULK,
    Apply,
    Fail,
    GoStale,
    OpenDecision,
    Start,
    Wait,
    WritePolicy,
)
from thaman_onboarding.writer.batch import Judged
from thaman_onboarding.writer.breaking import SHOWS, of_outcomes, of_verdicts
from thaman_onboarding.writer.calls import Answered, Attempt, Mismatch, NoEffect, Outcome, Refused, Unknown


@dataclass(slots=True)
class _Ledger:
    """What one transaction will hold besides the writes' own events."""

    uow: UnitOfWork
    at: datetime
    settled: list[tuple[UUID, WriteState, str]] = field(default_factory=list)
    started: list[tuple[UUID, int, str, float]] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    wrote: dict[str, int] = field(default_factory=dict)
    seen: dict[str, SeenItem] = field(default_factory=dict)
    edits: list[tuple[KnownItem, int, str]] = field(default_factory=list)
    applied_after: list[float] = field(default_factory=list)
    doubts: int = 0


class WriteRecorder:
    """Stores a batch's intents and outcomes. Blocking."""

    def __init__(self, application: EventSourcedApplication, clock: Clock, policy: WritePolicy) -> None:
        self._application = application
        self._clock = clock
        self._policy = policy

    def judged(
        self, store: StoreView, job: Job, judged: Sequence[Judged], known: Mapping[str, KnownItem]
    ) -> dict[UUID, PriceWrite]:
        """Store verdicts: intents of all that will be written, outcomes of all that is settled.

        Gives the writes that began, to record their outcomes on. None begins where the store stops by itself.

        Raises:
            EffectRefused: the job passed on, or the store changed, since they were read; judge again.
            Conflict: the same, of a store that would have been stopped.
        """
        ledger = self._ledger(job)
        starts = any(isinstance(one.verdict, Start) for one in judged)
        hold = partial(write_store.hold_store, store_id=store.store_id, version=store.version, fence=store.fence)
        hand = of_verdicts(judged, known)
        trip = watch(ledger.uow, store.store_id, hand, ledger.at, hold=hold if starts else None)
        if trip is not None:
            judged = [one for one in judged if not isinstance(one.verdict, Start)]
        begun: dict[UUID, PriceWrite] = {}
        writes = self._writes(judged)
        for one in judged:
            write = writes[one.pending.id]
            ledger.uow.add(write)
            with caused_by(one.pending.cause):
                self._verdict(ledger, write, one, known.get(one.pending.key), store.fence)
            if isinstance(one.verdict, Start):
                begun[one.pending.id] = write
        faultpoint("onboarding.write.intent.before")
        self._commit(store, ledger, known)
        tell(store.store_id, trip)
        faultpoint("onboarding.write.intent.after")
        return begun

    def outcomes(
        self,
        store: StoreView,
        job: Job,
        attempts: Sequence[Attempt],
        *,
        outcomes: Mapping[UUID, Outcome],
        begun: Mapping[UUID, PriceWrite],
        known: Mapping[str, KnownItem],
    ) -> None:
        """Store what came of the calls.

        Raises:
            Conflict: the store changed just when it would have been stopped; what came of the calls is read again.
        """
        ledger = self._ledger(job)
        trip = watch(ledger.uow, store.store_id, of_outcomes(attempts, outcomes, known), ledger.at)
        for attempt in attempts:
            write = begun[attempt.id]
            ledger.uow.add(write)
            with caused_by(attempt.pending.cause):
                self._outcome(ledger, write, attempt, outcomes[attempt.id], known.get(attempt.pending.key))
        faultpoint("onboarding.write.result.before")
        self._commit(store, ledger, known)
        tell(store.store_id, trip)
        faultpoint("onboarding.write.result.after")

    def _verdict(self, ledger: _Ledger, write: PriceWrite, one: Judged, known: KnownItem | None, fence: int) -> None:
        pending, decision = one.pending, one.pending.decision
        match one.verdict:
            case Wait(delay):
                write_store.wait(ledger.uow, pending.id, delay)
            case Start(lost):
                if lost:
                    self._doubted(ledger, write, pending, "the queued change did not show in time", 0.0)
                write.start(decision, ledger.at, call=one.call, fence=fence)
                look = self._policy.bulk_poll if one.call == BULK else 0.0
                ledger.started.append((pending.id, write.attempt, one.call, look))
                ledger.touched.add(pending.key)
            case Apply():
                assert one.seen is not None
                self._applied(ledger, write, pending, one.seen, "read_back")
            case GoStale(stale):
                found = None if one.seen is None else one.seen.item.base_price
                write.go_stale(decision, ledger.at, stale.reason, stale.detail, found)
                self._settled(ledger, pending, WriteState.STALE, stale.detail)
                if one.seen is not None and stale.reason in SHOWS:
                    found_by = "read_back" if pending.state.is_open else "before_write"
                    self._shown(ledger, known, one.seen, found_by)
            case Fail(reason, detail):
                write.fail(decision, ledger.at, reason, detail)
                self._settled(ledger, pending, WriteState.FAILED, detail)

    def _outcome(
        self, ledger: _Ledger, write: PriceWrite, attempt: Attempt, outcome: Outcome, known: KnownItem | None
    ) -> None:
        pending, decision = attempt.pending, attempt.pending.decision
        match outcome:
            case Answered(seen, settled_by):
                self._applied(ledger, write, pending, seen, settled_by)
            case Mismatch(seen):
                detail = f"Salla took {decision.base_price} and shows {seen.item.base_price} (halalas)"
                write.fail(decision, ledger.at, "mismatch", detail)
                self._settled(ledger, pending, WriteState.FAILED, detail)
                self._shown(ledger, known, seen, "read_back")
            case Refused(detail, gone) if gone:
                write.go_stale(decision, ledger.at, StaleReason.ITEM_GONE, detail, None)
                self._settled(ledger, pending, WriteState.STALE, detail)
            case Refused(detail):
                write.fail(decision, ledger.at, "refused", detail)
                self._settled(ledger, pending, WriteState.FAILED, detail)
            case NoEffect(reason, delay):
                write_store.put_back(ledger.uow, pending.id, reason, delay)
            case Unknown(reason):
                self._doubted(ledger, write, pending, reason, self._policy.backoff(pending.doubts))

    def _doubted(self, ledger: _Ledger, write: PriceWrite, pending: OpenDecision, reason: str, delay: float) -> None:
        write.doubt(pending.decision, ledger.at, reason)
        write_store.doubt(ledger.uow, pending.id, reason, delay)
        ledger.doubts += 1

    def _applied(
        self, ledger: _Ledger, write: PriceWrite, pending: OpenDecision, seen: SeenItem, settled_by: str
    ) -> None:
        write.apply(pending.decision, ledger.at, shelf_price=seen.item.shelf_price, settled_by=settled_by)
        self._settled(ledger, pending, WriteState.APPLIED, settled_by)
        ledger.wrote[pending.key] = pending.decision.base_price
        ledger.applied_after.append((ledger.at - pending.decision.occurred_at).total_seconds())
        ledger.seen[pending.key] = seen

    def _settled(self, ledger: _Ledger, pending: OpenDecision, state: WriteState, detail: str) -> None:
        ledger.settled.append((pending.id, state, detail))
        ledger.touched.add(pending.key)

    def _shown(self, ledger: _Ledger, known: KnownItem | None, seen: SeenItem, found_by: str) -> None:
        """What Salla shows instead becomes what we know; a hand edit is said once."""
        ledger.seen[seen.key] = seen
        ledger.touched.add(seen.key)
        if known is not None and known.edited_by_hand(seen.item.base_price):
            ledger.edits.append((known, seen.item.base_price, found_by))

    def _writes(self, judged: Sequence[Judged]) -> dict[UUID, PriceWrite]:
        """The write of each decision: as stored where an intent is, else a new one."""
        ids = [one.pending.id for one in judged]
        stored = load_writes(self._application, [one.pending.id for one in judged if one.pending.state.is_open])
        return {id: PriceWrite(id) for id in ids} | stored

    def _ledger(self, job: Job) -> _Ledger:
        uow = self._application.unit_of_work()
        write_store.hold_job(uow, job)
        return _Ledger(uow, self._clock.now())

    def _commit(self, store: StoreView, ledger: _Ledger, known: Mapping[str, KnownItem]) -> None:
        uow = ledger.uow
        write_store.start(uow, ledger.started)
        write_store.settle(uow, store.store_id, ledger.settled)
        changed = list(_changed(ledger.seen.values(), known))
        keep_items(uow, store.store_id, changed)
        write_store.touch_items(uow, store.store_id, ledger.touched, ledger.wrote)
        basis = store.basis
        observation = Observation(
            store.store_id, ObservationSource.READ_BACK, basis.prices_include_vat, basis.vat_bp, ledger.at
        )
        for event in observation.items(changed):
            uow.record(event)
        for before, found, found_by in ledger.edits:
            uow.record(observation.edit(before, found, found_by))
        uow.commit()
        _count(ledger)


def _count(ledger: _Ledger) -> None:
    """Count what is stored, after it is."""
    for _, state, _ in ledger.settled:
        measures.WRITES.labels(state.value).inc()
    for seconds in ledger.applied_after:
        measures.APPLY_SECONDS.observe(max(seconds, 0.0))
    for _, _, found_by in ledger.edits:
        measures.EDITS.labels(found_by).inc()
    measures.DOUBTS.inc(ledger.doubts)


def _changed(seen: Iterable[SeenItem], known: Mapping[str, KnownItem]) -> Iterable[SeenItem]:
    return (one for one in seen if one.key not in known or known[one.key].digest != one.digest)
