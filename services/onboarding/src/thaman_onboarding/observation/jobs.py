"""The queue ``observe``: whole sweeps and products that webhooks spoke of, one at a time for each store."""

import asyncio
import logging

from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_kit.domain import EventMeta, caused_by
from thaman_kit.jobs import Job, RetryLater
from thaman_onboarding.adapters import salla_measures as measures
from thaman_onboarding.adapters.catalogue_store import CatalogueStore
from thaman_onboarding.adapters.salla_api import SallaApi
from thaman_onboarding.adapters.salla_errors import SallaBlocked
from thaman_onboarding.errors import NotConnected, SallaBusy, SallaUnauthorized, SallaUncertain, SallaUnreachable
from thaman_onboarding.observation.catalogue import CatalogueObserver
from thaman_onboarding.observation.sales import SalesObserver

logger = logging.getLogger(__name__)

BLOCK_SECONDS = 900.0
"""First wait after a 403 of Salla; doubled while it lasts."""
OUTAGE_SECONDS = 30.0


class ObserveJob:
    """Does one job of the queue."""

    def __init__(self, application: EventSourcedApplication, api: SallaApi, clock: Clock) -> None:
        self._application = application
        self._store = CatalogueStore(application.database)
        self._catalogue = CatalogueObserver(application, api, clock)
        self._sales = SalesObserver(application, api, clock)

    async def __call__(self, job: Job) -> None:
        """Read what the job asks for.

        A store that is not connected is left alone: its next authorisation asks for a sweep of its own.
        """
        store = await asyncio.to_thread(self._store.store, job.store_id)
        if store is None or not store.connected:
            return
        if store.blocked_seconds is not None and store.is_blocked:
            raise RetryLater(store.blocked_seconds, "Salla does not let us in for this store")
        try:
            with caused_by(EventMeta.model_validate(job.payload.get("meta", {}))):
                await self._observe(job)
        except (NotConnected, SallaUnauthorized) as error:
            logger.warning("store %s cannot be read: %s", job.store_id, error)
        except SallaBlocked as error:
            logger.error("store %s: Salla blocks our calls: %s", job.store_id, error)
            measures.BLOCKS.inc()
            await asyncio.to_thread(self._store.block, job.store_id, BLOCK_SECONDS, str(error))
            raise RetryLater(BLOCK_SECONDS, str(error)) from error
        except SallaBusy as error:
            raise RetryLater(error.retry_after, str(error)) from error
        except (SallaUnreachable, SallaUncertain) as error:
            raise RetryLater(OUTAGE_SECONDS, str(error), forgive=False) from error

    async def _observe(self, job: Job) -> None:
        store = await asyncio.to_thread(self._store.store, job.store_id)
        assert store is not None

        def nothing(uow: UnitOfWork) -> None:
            """The job is not done yet."""

        def done(uow: UnitOfWork) -> None:
            uow.complete(job)

        if job.payload.get("cause") == "hints":
            await self._catalogue.follow_hints(store, done)
            return
        await self._catalogue.sweep(store, nothing)
        await self._sales.sweep(store, done)
        if store.blocked_seconds is not None:
            await asyncio.to_thread(self._store.unblock, job.store_id)
