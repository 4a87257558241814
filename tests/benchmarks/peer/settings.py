"""How the peer's workers are told where everything is: environment variables, set by :mod:`.run`."""

import os
from dataclasses import dataclass

DATABASE, BROKER, SALLA, STYLE = "PEER_DATABASE_URL", "PEER_BROKER_URL", "PEER_SALLA_URL", "PEER_STYLE"


@dataclass(frozen=True, slots=True)
class Settings:
    """Addresses; ``style`` is ``single`` (a task and two commits for each price) or ``batched`` (for each store)."""

    database_url: str
    broker_url: str
    salla_url: str
    style: str

    @classmethod
    def load(cls) -> "Settings":
        """From the environment."""
        return cls(os.environ[DATABASE], os.environ[BROKER], os.environ[SALLA], os.environ[STYLE])

    def variables(self) -> dict[str, str]:
        """As environment variables."""
        return {DATABASE: self.database_url, BROKER: self.broker_url, SALLA: self.salla_url, STYLE: self.style}
