"""Recorded runs, read back from the event log with all that their decisions depended on."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from thaman_contracts.events.optimizer import Disposition
from thaman_contracts.ids import item_key
from thaman_kit.application import EventSourcedApplication
from thaman_kit.domain import DomainEvent
from thaman_optimizer.adapters.sql import queries
from thaman_optimizer.domain.assessment import Assessment
from thaman_optimizer.domain.events import (
    MarketAssessed,
    MarketScouted,
    OptimizationCompleted,
    OptimizationStarted,
    PriceDecided,
    PriceHeld,
    PriceProposed,
)
from thaman_optimizer.domain.recompute import Record, is_at_once
from thaman_optimizer.domain.replay import item_from, store_from
from thaman_optimizer.domain.whatif import RecordedRun, Said

OVER = ("completed", "failed")
"""States of a run that has ended."""


class RecordedRuns:
    """Reads runs for comparisons. Blocking."""

    def __init__(self, application: EventSourcedApplication) -> None:
        self._application = application

    def runs(self, store_id: str, since: datetime, until: datetime, items: int) -> tuple[Iterator[RecordedRun], int]:
        """The store's completed runs of that time, newest first, as many as have ``items`` items together (one at
        least), and how many older ones are left out."""
        wanted = {"store_id": store_id, "since": since, "until": until, "items": items}
        rows = self._application.database.fetch_all(queries()["runs_completed"], wanted)
        within = [row["run_id"] for row in rows if row["within"]]
        found = (self._read(run_id) for run_id in within)
        return (recorded for recorded in found if recorded is not None), len(rows) - len(within)

    def records(self, store_id: str, since: datetime, until: datetime) -> Iterator[Record]:
        """The store's runs that began in that time, oldest first, whole, whether they ended or not.

        Raises:
            UnknownTopic: an event of a run is of a class that this process does not know.
        """
        wanted = {"store_id": store_id, "since": since, "until": until}
        for row in self._application.database.fetch_all(queries()["runs_begun"], wanted):
            yield self._record(row["run_id"], is_over=row["state"] in OVER)

    def _record(self, run_id: UUID, *, is_over: bool) -> Record:
        events = list(self._application.events.get(run_id))
        rows = self._application.database.fetch_all(queries()["told_and_decided"], {"run_id": run_id})
        said = [self._application.mapper.to_domain_event(_stored(row)) for row in rows]
        decided = [event for event in said if isinstance(event, PriceDecided) and is_at_once(event)]
        return Record(
            run_id=run_id,
            started=next((event for event in events if isinstance(event, OptimizationStarted)), None),
            scouted=next((event for event in events if isinstance(event, MarketScouted)), None),
            assessed=next((event for event in events if isinstance(event, MarketAssessed)), None),
            told=tuple(event for event in said if isinstance(event, PriceProposed | PriceHeld)),
            decided={item_key(event.product_id, event.variant_id): event for event in decided},
            is_over=is_over,
            analysed=next((one.statistics.analysed for one in events if isinstance(one, OptimizationCompleted)), None),
        )

    def _read(self, run_id: UUID) -> RecordedRun | None:
        """One run; ``None`` where its record is of a kind that cannot be decided again."""
        events = [event for event in self._application.events.get(run_id) if isinstance(event, DomainEvent)]
        started = next((event for event in events if isinstance(event, OptimizationStarted)), None)
        scouted = next((event for event in events if isinstance(event, MarketScouted)), None)
        if started is None or scouted is None or not started.store_inputs:
            return None
        assessed = next((event for event in events if isinstance(event, MarketAssessed)), None)
        told = self._told(run_id)
        return RecordedRun(
            run_id=run_id,
            at=scouted.occurred_at,
            store=store_from(started.store_inputs),
            items=tuple(item_from(event.inputs) for event in told),
            said={item_key(event.product_id, event.variant_id): _said(event) for event in told},
            assessment=Assessment.of(assessed),
        )

    def _told(self, run_id: UUID) -> list[PriceProposed | PriceHeld]:
        rows = self._application.database.fetch_all(queries()["told_by_run"], {"run_id": run_id})
        events = (self._application.mapper.to_domain_event(_stored(row)) for row in rows)
        return [event for event in events if isinstance(event, PriceProposed | PriceHeld) and event.inputs]


def _stored(row: dict[str, Any]) -> StoredEvent:
    return StoredEvent(row["originator_id"], row["originator_version"], row["topic"], bytes(row["state"]))


def _said(event: PriceProposed | PriceHeld) -> Said:
    if isinstance(event, PriceHeld):
        return Said(None, Disposition.HOLD)
    return Said(event.new_shelf_price, event.disposition)
