"""Stored events as bytes: clean JSON under an explicit topic, upcast when read."""

import json
from typing import Any
from uuid import UUID

from eventsourcing.persistence import Mapper, StoredEvent

from thaman_kit.domain import TOPICS, DomainEvent, upcast
from thaman_kit.errors import UnknownTopic

_VERSION = "class_version"
_ELSEWHERE = {"originator_id", "originator_version", "meta"}
"""Fields that have columns of their own, and the one written last, without its gaps."""


class PydanticMapper(Mapper[UUID]):
    """Maps :class:`DomainEvent` to JSON bytes and back.

    The state keeps ``class_version`` only from version 2 on, so that most rows stay as small as their data.
    """

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """The row of one event."""
        assert isinstance(domain_event, DomainEvent)
        last: dict[str, Any] = {"meta": domain_event.meta.model_dump(exclude_none=True)}
        if domain_event.class_version > 1:
            last[_VERSION] = domain_event.class_version
        state = domain_event.model_dump_json(exclude=_ELSEWHERE)
        rest = json.dumps(last, separators=(",", ":"), ensure_ascii=False)
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=domain_event.topic,
            # Every event has fields of its own, so a comma always belongs between the two objects made one.
            state=f"{state[:-1]},{rest[1:]}".encode(),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEvent:
        """The event of one row.

        Raises:
            UnknownTopic: no class of this process has the row's topic.
        """
        return event_of(stored_event, *state_of(stored_event))


def state_of(stored_event: StoredEvent) -> tuple[type[DomainEvent], dict[str, Any]]:
    """The class of a row and its fields as JSON values, brought up to the class's present version.

    Raises:
        UnknownTopic: no class of this process has the row's topic.
    """
    event_class = TOPICS.get(stored_event.topic)
    if event_class is None:
        raise UnknownTopic(stored_event.topic)
    state: dict[str, Any] = json.loads(stored_event.state)
    return event_class, upcast(event_class, state, state.pop(_VERSION, 1))


def event_of(stored_event: StoredEvent, event_class: type[DomainEvent], state: dict[str, Any]) -> DomainEvent:
    """The event of a row whose state was read already."""
    names = {"originator_id": stored_event.originator_id, "originator_version": stored_event.originator_version}
    return event_class.model_validate(state | names)
