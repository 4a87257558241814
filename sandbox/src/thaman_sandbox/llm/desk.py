"""How the model behaves now, and what it was asked."""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

KEPT = 500


class Mode(StrEnum):
    """Ways to behave.

    ``sensible`` answers as a careful model would; ``slow`` the same, late; ``malformed`` with something that is not
    JSON; ``refusing`` declines; ``obedient`` does whatever text in its prompt tells it to; ``down`` is out of service.
    """

    SENSIBLE = "sensible"
    SLOW = "slow"
    MALFORMED = "malformed"
    REFUSING = "refusing"
    OBEDIENT = "obedient"
    DOWN = "down"


class Behaviour(BaseModel):
    """``PUT /_sandbox/llm``."""

    model_config = ConfigDict(extra="forbid")

    mode: Mode = Mode.SENSIBLE
    slow_seconds: float = Field(30.0, ge=0, le=600)
    says_usage: bool = True
    """Whether answers say how many tokens they took."""


@dataclass(slots=True)
class Desk:
    """In memory only: what a model was asked is nothing that a shop would keep."""

    behaviour: Behaviour = field(default_factory=Behaviour)
    asked: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))
