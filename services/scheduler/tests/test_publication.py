"""What the scheduler publishes and what it keeps to itself."""

import pytest

from thaman_contracts.events import EventData
from thaman_kit.domain import TOPICS, DomainEvent
from thaman_scheduler.domain import events
from thaman_scheduler.publication import PUBLICATION

STORED = [cls for cls in TOPICS.values() if cls.__module__ == events.__name__]


@pytest.mark.parametrize("stored", STORED, ids=lambda cls: cls.__name__)
def test_every_stored_class_is_published_or_declared_private(stored: type[DomainEvent]) -> None:
    assert PUBLICATION.is_mapped(stored)


def test_exactly_the_slot_events_are_published() -> None:
    assert {cls for cls in STORED if issubclass(cls, EventData)} == set(events.SLOT_EVENTS)
