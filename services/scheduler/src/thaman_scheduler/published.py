"""The read models made from published events alone.

A schedule's own events are private, but each follows from a message of onboarding, and of the slots it is published
which were filled. What cannot be known so: when the scheduler first ran, and memories that a wrong clock had put ahead
and that were set back.
"""

from collections.abc import Sequence

from thaman_kit.application import EventSourcedApplication
from thaman_kit.restoring import Told, stored_of
from thaman_scheduler.application import Scheduler
from thaman_scheduler.consumers import build_router


class PublishedFold:
    """Fills an empty log and empty tables, page by page."""

    def __init__(self, application: EventSourcedApplication, scheduler: Scheduler) -> None:
        self._application = application
        self._scheduler = scheduler
        self._router = build_router(scheduler)

    def fold(self, page: Sequence[Told]) -> None:
        """Take in the next events; own ones as they are stored."""
        unit = self._application.unit_of_work()
        for own in stored_of(page, "scheduler"):
            unit.record(own)
        for envelope, event in page:
            if envelope.service == "onboarding":
                self._router.handle(event, envelope, unit)
        unit.commit()

    def finish(self) -> None:
        """Let the tables say what the log says, filled slots among it."""
        self._scheduler.ensure_started()  # with the settings that an installation begins with
        self._scheduler.rebuild()
