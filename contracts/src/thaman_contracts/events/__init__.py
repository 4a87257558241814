"""The published events of all services, by service and in one namespace."""

from thaman_contracts.events import (
    advice,
    audit,
    licences,
    listings,
    onboarding,
    optimizer,
    policies,
    scheduler,
    settings,
)
from thaman_contracts.events.base import (
    REGISTRY,
    EventData,
    Part,
    UnknownEventType,
    UtcDatetime,
    model_of,
    published_by,
)

__all__ = [
    "REGISTRY",
    "EventData",
    "Part",
    "UnknownEventType",
    "UtcDatetime",
    "advice",
    "audit",
    "licences",
    "listings",
    "model_of",
    "onboarding",
    "optimizer",
    "policies",
    "published_by",
    "scheduler",
    "settings",
]
