"""Stored events: explicit topics, versions that are raised, contiguous histories."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import JSONTranscoder, StoredEvent

from thaman_kit.domain import Aggregate, DomainEvent, EventMeta
from thaman_kit.mapper import PydanticMapper

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
MAPPER = PydanticMapper(transcoder=JSONTranscoder())


class Renamed(DomainEvent, topic="kit_domain_test.Named", class_version=3):
    """Its first version called the price ``amount``, its second had no currency."""

    price: int
    currency: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> dict[str, Any]:
        """The name was changed."""
        return {key: value for key, value in state.items() if key != "amount"} | {"price": state["amount"]}

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> dict[str, Any]:
        """All was in riyals then."""
        return state | {"currency": "SAR"}


def an_event(version: int = 1) -> Renamed:
    return Renamed(
        originator_id=uuid4(), originator_version=version, store_id="1", occurred_at=NOW, price=5, currency="SAR"
    )


def test_there_and_back() -> None:
    event = an_event()
    stored = MAPPER.to_stored_event(event)
    assert stored.topic == "kit_domain_test.Named"
    assert b'"class_version":3' in stored.state
    assert MAPPER.to_domain_event(stored) == event


@pytest.mark.parametrize(
    "state",
    [
        '{"store_id":"1","occurred_at":"2026-11-24T09:30:00Z","amount":5}',
        '{"store_id":"1","occurred_at":"2026-11-24T09:30:00Z","price":5,"class_version":2}',
        '{"store_id":"1","occurred_at":"2026-11-24T09:30:00Z","price":5,"currency":"SAR","class_version":3,"meta":{}}',
    ],
)
def test_every_earlier_version_reads(state: str) -> None:
    stored = StoredEvent(uuid4(), 1, "kit_domain_test.Named", state.encode())
    event = MAPPER.to_domain_event(stored)
    assert isinstance(event, Renamed)
    assert (event.price, event.currency, event.meta) == (5, "SAR", EventMeta())


def test_a_topic_belongs_to_one_class() -> None:
    with pytest.raises(TypeError, match="belongs to"):

        class Impostor(DomainEvent, topic="kit_domain_test.Named"):
            """Takes a taken topic."""


class Holder(Aggregate):
    """Knows one event."""

    def when(self, event: DomainEvent) -> None:
        """Fold."""
        if not isinstance(event, Renamed):
            super().when(event)


def test_a_gap_in_a_history_is_refused() -> None:
    with pytest.raises(ValueError, match="event 3 after version 1"):
        Holder.fold(UUID(int=1), iter([an_event(1), an_event(3)]))
    assert Holder.fold(UUID(int=1), iter([])) is None


def test_an_unknown_event_is_refused() -> None:
    class Strange(DomainEvent, topic="kit_domain_test.Strange"):
        """Nobody folds it."""

    with pytest.raises(TypeError, match="Holder does not know Strange"):
        Holder(UUID(int=1)).trigger(Strange, store_id="1", occurred_at=NOW)
