"""The histories of many writes in one query; a queued call is read back for all of its decisions at once."""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import groupby
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from thaman_kit.application import EventSourcedApplication
from thaman_kit.database import load_queries
from thaman_kit.domain import DomainEvent
from thaman_kit.errors import AggregateNotFound
from thaman_onboarding.domain.price_write import PriceWrite

_sql = partial(load_queries, "thaman_onboarding", "adapters/writing.sql")


def load_writes(application: EventSourcedApplication, ids: Sequence[UUID]) -> dict[UUID, PriceWrite]:
    """The writes as stored.

    Raises:
        AggregateNotFound: nothing of one of them is stored.
    """
    if not ids:
        return {}
    rows = application.database.fetch_all(_sql()["histories"], {"ids": list(ids)})
    stored = [StoredEvent(row["originator_id"], row["originator_version"], row["topic"], row["state"]) for row in rows]
    writes = {
        id: _folded(application, id, events) for id, events in groupby(stored, key=lambda event: event.originator_id)
    }
    missing = next((id for id in ids if id not in writes), None)
    if missing is not None:
        raise AggregateNotFound(f"there is no {PriceWrite.__name__} {missing}")
    return writes


def _folded(application: EventSourcedApplication, id: UUID, events: Iterable[StoredEvent]) -> PriceWrite:
    write = PriceWrite.fold(id, (_known(application.mapper.to_domain_event(event)) for event in events))
    assert write is not None
    return write


def _known(event: object) -> DomainEvent:
    assert isinstance(event, DomainEvent)
    return event
