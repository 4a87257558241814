"""Which worker does a run: those that have a crew do the runs of stores that want its advice.

A crew takes seconds to load and hundreds of megabytes, so it lives in workers of its own with a queue of their own. The
others pass such runs on and look at them again after a while: where no crew came by then, the run goes on without one.
"""

from datetime import timedelta
from uuid import UUID

from thaman_contracts.events.settings import AdviceMode
from thaman_kit.application import EventSourcedApplication
from thaman_kit.clock import Clock
from thaman_kit.jobs import Job, RetryLater
from thaman_optimizer.consumers import RUN_QUEUE
from thaman_optimizer.ports import Facts, MarketMemory

CREW_QUEUE = "optimize-with-crew"


class CrewDoor:
    """Passes runs on. Blocking."""

    def __init__(
        self,
        application: EventSourcedApplication,
        facts: Facts,
        market: MarketMemory,
        clock: Clock,
        patience: timedelta | None,
    ) -> None:
        """``patience`` is how long a passed-on run is waited for; ``None`` where there are no workers with a crew."""
        self._application = application
        self._facts = facts
        self._market = market
        self._clock = clock
        self._patience = patience

    def pass_on(self, job: Job) -> None:
        """Put the run into the crew's queue, once, if its store wants advice.

        Raises:
            RetryLater: it was passed on just now; looked at again later, it is done already or to be done here.
        """
        if self._patience is None:
            return
        store = self._facts.store(job.store_id, self._clock.now())
        if store is None or store.settings.advice is not AdviceMode.CREW:
            return
        if self._market.is_handed_on(CREW_QUEUE, UUID(job.payload["run_id"])):
            return
        unit = self._application.unit_of_work()
        unit.enqueue(CREW_QUEUE, job.key, job.store_id, job.payload)
        unit.commit()
        raise RetryLater(self._patience.total_seconds(), "passed on to the workers that have a crew")

    def take_back(self, job: Job) -> None:
        """A passed-on run was done by a worker with a crew: nobody has to look at it again."""
        unit = self._application.unit_of_work()
        self._market.forget_waiting(unit, RUN_QUEUE, UUID(job.payload["run_id"]))
        unit.commit()
