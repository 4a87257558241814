"""How far things are, and what made a price."""

from enum import StrEnum


class ProposalState(StrEnum):
    """What became of a proposal."""

    PENDING = "pending"
    DECIDED = "decided"
    REJECTED = "rejected"
    EXPIRED = "expired"


class DecisionState(StrEnum):
    """How far a decided price is."""

    DECIDED = "decided"
    WRITING = "writing"
    UNCERTAIN = "uncertain"
    APPLIED = "applied"
    FAILED = "failed"
    STALE = "stale"


class PriceCause(StrEnum):
    """What made a step of the chart: our write, a hand edit, a change seen in Salla, the first look."""

    APPLIED = "applied"
    HAND_EDIT = "hand_edit"
    SEEN = "seen"
    FIRST = "first"


class RunState(StrEnum):
    """How far a run is."""

    REQUESTED = "requested"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
