"""What ``check_world`` found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken promise: the invariant's number in the map, the rule, and whom it concerns."""

    invariant: int
    rule: str
    what: str

    def __str__(self) -> str:
        return f"I{self.invariant} {self.rule}: {self.what}"


@dataclass(frozen=True, slots=True)
class WorldReport:
    """All violations, and how much was looked at."""

    violations: tuple[Violation, ...]
    events: int
    entries: int
    writes: int | None

    @property
    def ok(self) -> bool:
        """Whether the world is in order."""
        return not self.violations
