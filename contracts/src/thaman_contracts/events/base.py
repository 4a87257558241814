"""What every published event has in common, and the registry of all of them.

Rules of evolution: within a version only optional fields may be added, and values of enumerations whose schema says
``x-open-values``; anything else is a new version, published beside the old one until its readers have moved. Readers
ignore fields they do not know; writers may not invent any.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from thaman_contracts.envelope import type_of
from thaman_contracts.ids import StoreId
from thaman_contracts.subjects import Service


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


UtcDatetime = Annotated[AwareDatetime, AfterValidator(_utc)]
"""An instant; any offset is accepted and kept as UTC."""


OPEN_VALUES = "x-open-values"
"""Marks an enumeration's JSON Schema whose values may be added to within a version."""


class OpenEnum(StrEnum):
    """An enumeration whose values may be added to within a version (ADR 0008): readers have to expect unknown ones."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return handler.resolve_ref_schema(handler(core_schema)) | {OPEN_VALUES: True}


class Part(BaseModel):
    """A value inside an event: immutable, compared by value."""

    model_config = ConfigDict(frozen=True, extra="ignore", validate_default=True)


class EventData(Part):
    """The data of one published event.

    Subclasses name their service and version in the class line and are found in :data:`REGISTRY` under their
    CloudEvents type.
    """

    service: ClassVar[Service]
    version: ClassVar[int] = 1

    store_id: StoreId
    occurred_at: UtcDatetime = Field(description="When it happened, UTC.")

    def __init_subclass__(cls, *, service: Service | None = None, version: int = 1, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if service is not None:
            cls.service = service
            cls.version = version
            REGISTRY[cls.event_type()] = cls

    @classmethod
    def event_name(cls) -> str:
        """The name as a merchant would say it, without version."""
        return cls.__name__

    @classmethod
    def event_type(cls) -> str:
        """The CloudEvents type."""
        return type_of(cls.service, cls.event_name(), cls.version)


REGISTRY: dict[str, type[EventData]] = {}
"""Every published event by CloudEvents type."""


class UnknownEventType(LookupError):
    """An event type that this version of the contracts does not know."""


def model_of(event_type: str) -> type[EventData]:
    """The model of a CloudEvents type.

    Raises:
        UnknownEventType: the type or its version is not known here.
    """
    try:
        return REGISTRY[event_type]
    except KeyError:
        raise UnknownEventType(f"{event_type} is not a type these contracts know") from None


def published_by(service: str) -> Iterator[type[EventData]]:
    """The events of one service, by name."""
    return iter(sorted((m for m in REGISTRY.values() if m.service == service), key=lambda m: m.event_type()))
