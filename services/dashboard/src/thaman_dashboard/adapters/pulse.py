"""The worker's pulse: that the read models were being filled at a moment."""

from collections.abc import Callable
from datetime import datetime

from thaman_kit.database import Database
from thaman_kit.errors import BusError

_BEAT = """
INSERT INTO pulse (at) VALUES (%(at)s)
ON CONFLICT (only_one) DO UPDATE SET at = excluded.at WHERE pulse.at < excluded.at
"""


class Pulse:
    """Beats while the consumers are connected. Blocking."""

    def __init__(self, database: Database, check: Callable[[], None], now: Callable[[], datetime]) -> None:
        """``check`` raises :class:`BusError` where the consumers are not all there."""
        self._database = database
        self._check = check
        self._now = now

    def beat(self) -> bool:
        """Note that the streams are being read; whether they are."""
        try:
            self._check()
        except BusError:
            # Health tells why; pages tell since when.
            return False
        self._database.execute(_BEAT, {"at": self._now()})
        return True
