"""The queue ``write``: brings a store's decided prices to Salla, all that are due in one go.

A *pass* takes up the store's unsettled decisions, checks them at the last moment, reads what Salla shows, records
verdicts and intents in one transaction, calls, and records the outcomes in another. Whatever a dead process left
behind is an intent without an outcome, which the next pass settles by reading. Nothing is slept on inside a
transaction.
"""

import asyncio
import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

from thaman_kit.application import EventSourcedApplication
from thaman_kit.clock import Clock
from thaman_kit.errors import Conflict, EffectRefused, JobLost
from thaman_kit.jobs import Job, RetryLater
from thaman_onboarding.adapters import salla_measures as measures
from thaman_onboarding.adapters.catalogue_store import CatalogueStore, StoreView
from thaman_onboarding.adapters.salla_api import SallaApi
from thaman_onboarding.adapters.salla_errors import SallaBlocked
from thaman_onboarding.adapters.write_store import WriteStore
from thaman_onboarding.domain.price_write import PriceWrite
from thaman_onboarding.domain.settling import OpenDecision, Start, WritePolicy
from thaman_onboarding.errors import NotConnected, SallaBusy, SallaError, SallaUnauthorized
from thaman_onboarding.writer.batch import Batch, Judged, ready_of
from thaman_onboarding.writer.calls import (
    Answered,
    Attempt,
    Mismatch,
    NoEffect,
    Outcome,
    PriceCaller,
    Queued,
    Unknown,
    choose_calls,
)
from thaman_onboarding.writer.reading import PriceReader, Reading
from thaman_onboarding.writer.recording import WriteRecorder

logger = logging.getLogger(__name__)

BLOCK_SECONDS = 900.0
"""First wait after a 403 of Salla; doubled while it lasts."""
OUTAGE_CAP_SECONDS = 60.0
CHANGES_MEANWHILE = 5
"""How often in a row the store may change under our hands before the job is put back."""


class WriteJob:
    """Does the jobs of the queue; one at a time for each store."""

    def __init__(
        self, application: EventSourcedApplication, api: SallaApi, clock: Clock, policy: WritePolicy | None = None
    ) -> None:
        self._policy = policy or WritePolicy()
        self._catalogue = CatalogueStore(application.database)
        self._writes = WriteStore(application.database)
        self._reader = PriceReader(api)
        self._caller = PriceCaller(api, self._policy)
        self._recorder = WriteRecorder(application, clock, self._policy)
        self._api = api
        self._outages: dict[str, int] = {}

    async def __call__(self, job: Job) -> None:
        """Work until nothing of the store is open, or it has to wait for longer than is sensible to keep the job."""
        refusals = 0
        while True:
            try:
                delay = await self._pass(job)
                refusals = 0
            except JobLost:
                raise
            except (EffectRefused, Conflict):
                refusals += 1
                if refusals >= CHANGES_MEANWHILE:
                    raise
                delay = 0.0
            if delay is None:
                return
            if delay > self._policy.inline_wait:
                await asyncio.to_thread(self._writes.postpone_jobs, job.store_id, delay)
                raise RetryLater(delay, "the store's decisions have to wait")
            await asyncio.sleep(delay)

    async def _pass(self, job: Job) -> float | None:
        """One pass; gives the seconds until the next, ``None`` when nothing is open."""
        taken = await asyncio.to_thread(self._take_up, job.store_id)
        if not isinstance(taken, Batch):
            return taken
        try:
            return await self._work(job, taken)
        except SallaError as error:
            return await self._outage(taken.store, error)

    def _take_up(self, store_id: str) -> Batch | float | None:
        """What is to be done for the store now; if nothing is, the seconds until then, or ``None`` for never."""
        pending = self._writes.open(store_id, self._policy.batch)
        if not pending:
            return None
        ready = ready_of(pending)
        if not ready:
            return min(one.wait for one in pending if one.wait > 0)
        store = self._catalogue.store(store_id)
        if store is None:
            return self._policy.disconnected_wait
        if store.blocked_seconds is not None and store.is_blocked:
            return store.blocked_seconds
        return self._batch(store, ready)

    def _batch(self, store: StoreView, ready: Sequence[OpenDecision]) -> Batch:
        keys = sorted({one.key for one in ready})
        return Batch(
            store=store,
            pending=tuple(ready),
            known=self._catalogue.known(store.store_id, keys),
            rules=self._writes.rules(store.store_id, keys),
            products=self._catalogue.products(store.store_id),
        )

    async def _work(self, job: Job, batch: Batch) -> float:
        store_id = batch.store.store_id
        judged, rest = batch.without_reading(self._policy)
        reading = Reading()
        if rest:
            try:
                reading = await self._reader.read(batch.store, [one.key for one in rest], batch.products)
            except (NotConnected, SallaUnauthorized) as error:
                return await self._disconnected(store_id, error)
        judged += [batch.judge(one, reading, self._policy) for one in rest]
        chosen, left = with_calls(judged, self._policy, self._api.room(store_id))
        begun = await asyncio.to_thread(self._recorder.judged, batch.store, job, chosen, batch.known)
        await self._answered(batch.store)
        if begun:
            await self._call(job, batch, chosen, reading, begun)
        return self._api.window_left(store_id) if left else 0.0

    async def _call(
        self,
        job: Job,
        batch: Batch,
        judged: Sequence[Judged],
        reading: Reading,
        begun: Mapping[UUID, PriceWrite],
    ) -> None:
        store = batch.store
        attempts = [
            Attempt(one.pending, one.call, begun[one.pending.id].attempt, one.seen, reading.product_of(one.pending.key))
            for one in judged
            if one.pending.id in begun and one.seen is not None
        ]
        allowed = partial(asyncio.to_thread, self._writes.allowed, store.store_id, store.version, store.fence, job)
        outcomes = await self._caller.make(store, attempts, allowed)
        for attempt in attempts:
            outcomes[attempt.id] = await self._verified(store, attempt, outcomes[attempt.id])
        if not all(isinstance(one, Queued) for one in outcomes.values()):
            record = partial(
                self._recorder.outcomes, store, job, attempts, outcomes=outcomes, begun=begun, known=batch.known
            )
            await asyncio.to_thread(record)
        blocked = next((one for one in outcomes.values() if isinstance(one, NoEffect) and one.blocked), None)
        if blocked is not None:
            await self._block(store.store_id, blocked.reason)

    async def _verified(self, store: StoreView, attempt: Attempt, outcome: Outcome) -> Outcome:
        """An answer that shows another price than was written is checked by reading once more."""
        target = attempt.pending.decision.base_price
        if not isinstance(outcome, Answered) or outcome.seen.item.base_price == target:
            return outcome
        try:
            reading = await self._reader.read(store, [attempt.pending.key], 0)
        except (SallaError, NotConnected) as error:
            return Unknown(f"the answer showed another price, and reading failed: {error}")
        seen = reading.items.get(attempt.pending.key)
        if seen is None or seen.item.base_price == attempt.pending.decision.expected_base_price:
            return Unknown("the answer did not show the price that was written")
        return Answered(seen, "read_back") if seen.item.base_price == target else Mismatch(seen)

    async def _answered(self, store: StoreView) -> None:
        """Salla let us in: outages and blocks are over."""
        self._outages.pop(store.store_id, None)
        if store.blocked_seconds is not None:
            await asyncio.to_thread(self._catalogue.unblock, store.store_id)

    async def _disconnected(self, store_id: str, error: Exception) -> float:
        """Reading is not possible without a token. The store's own state says whether that will last."""
        logger.warning("store %s: prices cannot be read: %s", store_id, error)
        store = await asyncio.to_thread(self._catalogue.store, store_id)
        return self._policy.poll_cap if store is None or store.connected else 0.0

    async def _outage(self, store: StoreView, error: SallaError) -> float:
        """Seconds to leave a store alone whose calls do not work."""
        if isinstance(error, SallaBusy):
            return error.retry_after
        if isinstance(error, SallaBlocked):
            await self._block(store.store_id, str(error))
            return BLOCK_SECONDS
        failures = self._outages.get(store.store_id, 0) + 1
        self._outages[store.store_id] = failures
        logger.warning("store %s: reading prices failed %d times: %s", store.store_id, failures, error)
        ceiling = min(OUTAGE_CAP_SECONDS, 2.0 ** min(failures, 10))
        return random.uniform(ceiling / 4, ceiling)  # noqa: S311 - jitter, not a secret

    async def _block(self, store_id: str, reason: str) -> None:
        logger.error("store %s: Salla blocks our calls: %s", store_id, reason)
        measures.BLOCKS.inc()
        await asyncio.to_thread(self._catalogue.block, store_id, BLOCK_SECONDS, reason)


def with_calls(judged: Sequence[Judged], policy: WritePolicy, room: int | None) -> tuple[list[Judged], bool]:
    """The verdicts with the call for each attempt, and whether the store's budget left some attempts for later."""
    starts = [one.pending for one in judged if isinstance(one.verdict, Start)]
    calls = {one.id: call for one, call in choose_calls(starts, policy, room)}
    kept = [
        replace(one, call=calls[one.pending.id]) if isinstance(one.verdict, Start) else one
        for one in judged
        if not isinstance(one.verdict, Start) or one.pending.id in calls
    ]
    return kept, len(calls) < len(starts)
