"""What relays publish of a row is what the row's event would be published as, for every event of every service."""

from importlib import import_module
from uuid import UUID

import pytest

from thaman_contracts.events import REGISTRY
from thaman_contracts.examples import fields_of
from thaman_contracts.subjects import SERVICES
from thaman_kit.domain import TOPICS, DomainEvent, EventMeta
from thaman_kit.mapper import PydanticMapper
from thaman_kit.publication import Publication

PUBLICATIONS: dict[str, Publication] = {
    service: import_module(f"thaman_{service}.publication").PUBLICATION for service in SERVICES
}
CONTRACTS = set(REGISTRY.values())
SOURCES = tuple(f"thaman_{name}." for name in SERVICES)
STORED = [one for one in TOPICS.values() if one.__module__.startswith(SOURCES) and CONTRACTS & set(one.__mro__)]


def test_there_is_something_to_compare() -> None:
    """The audit stores no events of its own yet."""
    found = {event_class.__module__.split(".")[0] for event_class in STORED}
    assert found >= {"thaman_onboarding", "thaman_scheduler", "thaman_optimizer"}


@pytest.mark.parametrize("event_class", STORED, ids=lambda one: one.topic)
def test_a_row_gives_the_same_message_as_its_event(event_class: type[DomainEvent]) -> None:
    names = {"originator_id": UUID(int=7), "originator_version": 3, "meta": EventMeta(correlation_id="c")}
    event = event_class.model_validate(fields_of(event_class) | names)
    row = PydanticMapper.__new__(PydanticMapper).to_stored_event(event)
    contract = next(base for base in event_class.__mro__ if base in CONTRACTS)
    publication = PUBLICATIONS[contract.service]
    assert publication.message_of_row(row, 12, lambda _: 5) == publication.message_of(event, 12, 5)
