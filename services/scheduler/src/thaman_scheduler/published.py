"""The read models made from published events alone.

A schedule's own events are private, but each follows from a message of onboarding, and of the slots it is published
which were filled. What cannot be known so: when the scheduler first ran, and memories that a wrong clock had put ahead
and that were set back.
"""

from collections.abc import Sequence

from thaman_kit.application import EventSourcedApplication
from thaman_kit.restoring import Message, Restorer
from thaman_scheduler.application import Scheduler
from thaman_scheduler.consumers import build_router
from thaman_scheduler.domain.events import SLOT_EVENTS


class PublishedFold:
    """Fills an empty log and empty tables, page by page."""

    def __init__(self, application: EventSourcedApplication, scheduler: Scheduler) -> None:
        self._application = application
        self._scheduler = scheduler
        self._router = build_router(scheduler)
        self._restorer = Restorer(SLOT_EVENTS)

    def fold(self, page: Sequence[Message]) -> None:
        """Take in the next messages.

        Raises:
            Undeliverable: one of them is not known to this release.
        """
        unit = self._application.unit_of_work()
        for envelope, body in page:
            if envelope.service == "scheduler":
                unit.record(self._restorer.restore(envelope, body))
            elif envelope.service == "onboarding":
                self._router.dispatch(envelope, body, unit)
        unit.commit()

    def finish(self) -> None:
        """Let the tables say what the log says, filled slots among it."""
        self._scheduler.ensure_started()  # with the settings that an installation begins with
        self._scheduler.rebuild()
