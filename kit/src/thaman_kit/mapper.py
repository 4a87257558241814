"""Stored events as bytes: clean JSON under an explicit topic, upcast when read."""

import json
from typing import Any
from uuid import UUID

from eventsourcing.persistence import Mapper, StoredEvent

from thaman_kit.domain import TOPICS, DomainEvent, upcast
from thaman_kit.errors import UnknownTopic

_VERSION = "class_version"


class PydanticMapper(Mapper[UUID]):
    """Maps :class:`DomainEvent` to JSON bytes and back.

    The state keeps ``class_version`` only from version 2 on, so that most rows stay as small as their data.
    """

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """The row of one event."""
        assert isinstance(domain_event, DomainEvent)
        state = domain_event.model_dump(
            mode="json", exclude={"originator_id", "originator_version"}, exclude_defaults=False
        )
        state["meta"] = {name: value for name, value in state["meta"].items() if value is not None}
        if domain_event.class_version > 1:
            state[_VERSION] = domain_event.class_version
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=domain_event.topic,
            state=json.dumps(state, separators=(",", ":"), ensure_ascii=False).encode(),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEvent:
        """The event of one row.

        Raises:
            UnknownTopic: no class of this process has the row's topic.
        """
        event_class = TOPICS.get(stored_event.topic)
        if event_class is None:
            raise UnknownTopic(stored_event.topic)
        state: dict[str, Any] = json.loads(stored_event.state)
        state = upcast(event_class, state, state.pop(_VERSION, 1))
        return event_class.model_validate(
            state
            | {
                "originator_id": stored_event.originator_id,
                "originator_version": stored_event.originator_version,
            }
        )
