"""When a store is forgotten: the wish, and the time it waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from thaman_contracts.events.onboarding import ForgettingReason

MERCHANT = "merchant"
"""Who asks by uninstalling."""


@dataclass(frozen=True, slots=True)
class Wish:
    """That a store be forgotten at ``due_at``; ``asked_by`` is the merchant or an API key, never a person."""

    reason: ForgettingReason
    asked_by: str
    asked_at: datetime
    due_at: datetime

    @classmethod
    def by_uninstall(cls, now: datetime, wait: timedelta) -> "Wish":
        """The merchant removed the app."""
        return cls(ForgettingReason.UNINSTALLED, MERCHANT, now, now + wait)

    @classmethod
    def by_request(cls, by: str, now: datetime, wait: timedelta) -> "Wish":
        """Somebody who may asked for it; without a wait it is due at once."""
        return cls(ForgettingReason.REQUESTED, by, now, now + wait)
