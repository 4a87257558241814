"""One run's entries, read, and what every file says of itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from thaman_audit.errors import ForeignEntry, UnreadableEntry
from thaman_audit.verify import Entry
from thaman_contracts.events import EventData, model_of
from thaman_contracts.events.optimizer import OptimizationCompleted, OptimizationFailed, OptimizationStarted
from thaman_contracts.events.scheduler import OptimizationRequested
from thaman_contracts.handover import LedgerRange, RunFrame, RunStatus

E = TypeVar("E", bound=EventData)

FRAME: tuple[type[EventData], ...] = (
    OptimizationRequested,
    OptimizationStarted,
    OptimizationCompleted,
    OptimizationFailed,
)
"""What every file is made of."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry and the event in it."""

    entry: Entry
    event: EventData


def recorded(store_id: str, entry: Entry) -> Recorded:
    """Read an entry of a store's chain.

    Raises:
        ForeignEntry: it speaks of another store.
        UnreadableEntry: its data are not the event that it says.
    """
    try:
        event = model_of(entry.type).model_validate_json(entry.data)
    except ValidationError as error:
        raise UnreadableEntry(store_id, entry.seq, entry.type) from error
    if event.store_id != store_id or entry.store_id != store_id:
        raise ForeignEntry(store_id, entry.seq, event.store_id)
    return Recorded(entry, event)


class Record:
    """The entries of one run of one store, in the ledger's order."""

    def __init__(self, store_id: str, run_id: UUID, rows: Sequence[Recorded]) -> None:
        self.store_id = store_id
        self.run_id = run_id
        self.rows = rows

    def events(self, kind: type[E]) -> list[E]:
        """The events of a contract, or of all that build on it."""
        return [row.event for row in self.rows if isinstance(row.event, kind)]

    def first(self, kind: type[E]) -> E | None:
        """The first event of a contract."""
        return next(iter(self.events(kind)), None)

    @property
    def has_ended(self) -> bool:
        """Whether the run is over and all of its frame is known: streams do not wait for each other, so the request may
        come after the end."""
        ended = self.first(OptimizationCompleted) or self.first(OptimizationFailed)
        return ended is not None and self.first(OptimizationRequested) is not None

    def head(self, kinds: tuple[type[EventData], ...], *more: Recorded, complete: bool) -> dict[str, Any]:
        """What a file made of the run's entries of ``kinds``, and of ``more``, says of itself."""
        rows = [*(row for row in self.rows if isinstance(row.event, FRAME + kinds)), *more]
        last = max(rows, key=lambda row: row.entry.seq).entry
        return {
            "schema_version": 1,
            "store_id": self.store_id,
            "run_id": self.run_id,
            "as_of": last.recorded_at,
            "complete": complete,
            "ledger": _range(row.entry for row in rows),
            "run": self._frame(),
        }

    def _frame(self) -> RunFrame:
        asked, started = self.first(OptimizationRequested), self.first(OptimizationStarted)
        ended = self.first(OptimizationCompleted) or self.first(OptimizationFailed)
        cause = started or asked
        return RunFrame(
            status=self._status(),
            trigger=cause.trigger if cause else None,
            slot=cause.slot if cause else None,
            requested_by=asked.requested_by if asked else None,
            requested_at=asked.occurred_at if asked else None,
            started_at=started.occurred_at if started else None,
            ended_at=ended.occurred_at if ended else None,
            items=started.items if started else None,
            mode=started.mode if started else None,
            settings_version=started.settings_version if started else None,
            engine_version=started.engine_version if started else None,
        )

    def _status(self) -> RunStatus:
        steps: dict[type[EventData], RunStatus] = {
            OptimizationFailed: RunStatus.FAILED,
            OptimizationCompleted: RunStatus.COMPLETED,
            OptimizationStarted: RunStatus.STARTED,
        }
        return next((status for kind, status in steps.items() if self.first(kind)), RunStatus.REQUESTED)


def _range(entries: Iterable[Entry]) -> LedgerRange:
    by_seq = {entry.seq: entry for entry in entries}
    first, last = min(by_seq), max(by_seq)
    return LedgerRange(first=first, last=last, entries=len(by_seq), last_hash=by_seq[last].hash.hex())
