"""The read models made from published events alone: the optimizer's own and onboarding's, as a ledger keeps them.

The projections read nothing that stays private, so the tables are those of :mod:`thaman_optimizer.adapters.rebuild`.
"""

from collections.abc import Sequence

from thaman_kit.application import EventSourcedApplication
from thaman_kit.restoring import Message, Restorer
from thaman_kit.routing import Router
from thaman_optimizer.adapters.projection import project
from thaman_optimizer.publication import STORED


class PublishedFold:
    """Fills empty tables, page by page."""

    def __init__(self, application: EventSourcedApplication, router: Router) -> None:
        self._application = application
        self._router = router
        self._restorer = Restorer(STORED)

    def fold(self, page: Sequence[Message]) -> None:
        """Take in the next messages.

        Raises:
            Undeliverable: one of them is not known to this release.
        """
        unit = self._application.unit_of_work()
        for envelope, body in page:
            if envelope.service == "optimizer":
                project(unit, [self._restorer.restore(envelope, body)])
            elif envelope.service == "onboarding":
                self._router.dispatch(envelope, body, unit)
        unit.commit()

    def finish(self) -> None:
        """Nothing is left to do."""
