"""What the operator's pages show, over all stores."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from thaman_dashboard.views import RunState


class OperatorDeed(StrEnum):
    """What an operator does from the pages, as the log has it."""

    SIGNED_IN = "signed_in"
    STOP = "stop"
    RESUME = "resume"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class OperatorSession:
    """A session of an operator, by the hash of its id; ``key_id`` is the API key that its link was made with."""

    hash: bytes
    key_id: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    agent: str | None
    csrf: str


@dataclass(frozen=True, slots=True)
class StoreLine:
    """A store among all. ``last_run_at`` and ``last_run_state`` are of its latest run; ``None`` without one."""

    store_id: str
    name: str
    domain: str | None
    connected: bool
    needs_reauthorization: str | None
    paused: bool
    forgotten: bool
    pending: int
    uncertain: int
    last_run_at: datetime | None
    last_run_state: RunState | None
    heard_at: datetime

    @property
    def state(self) -> str:
        """The one word for it; the gravest where there are several."""
        if self.forgotten:
            return "forgotten"
        if not self.connected:
            return "uninstalled"
        if self.needs_reauthorization is not None:
            return "needs_reconnect"
        return "paused" if self.paused else "connected"


@dataclass(frozen=True, slots=True)
class Totals:
    """The stores taken together, forgotten ones apart."""

    stores: int
    connected: int
    paused: int
    pending: int
    uncertain: int


@dataclass(frozen=True, slots=True)
class LogLine:
    """What an operator did, and with which key they had come in."""

    at: datetime
    key_id: str
    deed: OperatorDeed
    store_id: str | None
    detail: str | None
