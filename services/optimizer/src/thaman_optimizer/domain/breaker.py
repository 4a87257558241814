"""When an endpoint that keeps failing is left alone for a while. Pure: states and instants, no clock."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """After ``failures`` in a row nothing is asked for ``rest``; then one question shows whether it works again."""

    failures: int = 3
    rest: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of the endpoint: failures in a row, when the last of them was, and whether a first question after
    a rest is under way, and since when."""

    rules: BreakerRules = BreakerRules()
    failed: int = 0
    failed_at: datetime | None = None
    trying_since: datetime | None = None

    def lets(self, now: datetime) -> bool:
        """Whether a question may be asked now."""
        if self.failed < self.rules.failures or self.failed_at is None:
            return True
        if now - self.failed_at < self.rules.rest:
            return False
        # A question whose end nobody told of (its run was given up) must not close the door for ever.
        return self.trying_since is None or now - self.trying_since >= self.rules.rest

    def asked(self, now: datetime) -> "Breaker":
        """A question was let through."""
        is_open = self.failed >= self.rules.failures
        return replace(self, trying_since=now) if is_open else self

    def answered(self, now: datetime, *, well: bool) -> "Breaker":
        """A question ended."""
        if well:
            return Breaker(self.rules)
        return Breaker(self.rules, min(self.failed + 1, self.rules.failures), now)
