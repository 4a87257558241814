"""The read models made from the scheduler's own log, page by page."""

from collections.abc import Sequence

from thaman_kit.domain import DomainEvent
from thaman_scheduler.adapters.read_models import ReadModels
from thaman_scheduler.domain.jobs import Rules
from thaman_scheduler.domain.replay import Replay


class RecordedFold:
    """Fills empty tables; :meth:`finish` may be called again, after more."""

    def __init__(self, tables: ReadModels, rules: Rules) -> None:
        self._tables = tables
        self._rules = rules
        self._replay = Replay()

    def own(self, page: Sequence[DomainEvent]) -> None:
        """Take in the next events of the log."""
        for event in page:
            self._replay.apply(event)

    def finish(self) -> None:
        """Write what the log says by now."""
        self._tables.replace(lambda: self._replay, self._rules)
