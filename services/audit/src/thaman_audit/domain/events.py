"""The audit's stored events: checkpoints, all of one originator, whose versions are their numbers."""

from uuid import UUID

from thaman_contracts.events import audit
from thaman_contracts.ids import SYSTEM, derived_id
from thaman_kit.domain import DomainEvent

CHECKPOINTS_ID: UUID = derived_id("checkpoints", SYSTEM)


class CheckpointSealed(DomainEvent, audit.CheckpointSealed, topic="checkpoint.Sealed"):
    """All chains' heads were put under one signed root."""
