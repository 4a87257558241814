"""Places where a test can make a process die.

``faultpoint("onboarding.write.after_intent")`` does nothing, unless the process was started with
``THAMAN_FAULTPOINT=onboarding.write.after_intent`` (or ``...:3`` for the third passage): then it kills itself with
SIGKILL there, which is as sudden as a power cut. The variable is read once, when the module is imported.
"""

import itertools
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field

VARIABLE = "THAMAN_FAULTPOINT"


@dataclass(frozen=True, slots=True)
class Armed:
    """The one place where this process shall die, at its ``nth`` passage."""

    name: str
    nth: int
    _passages: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False, compare=False)

    def due(self, name: str) -> bool:
        """Whether this passage through ``name`` is the fatal one."""
        return name == self.name and next(self._passages) == self.nth


def parse(value: str | None) -> Armed | None:
    """Read ``name[:nth]``; nothing or an empty text arms nothing.

    Raises:
        ValueError: ``nth`` is not a whole number from 1.
    """
    if not value:
        return None
    name, _, nth = value.partition(":")
    if nth and (not nth.isdecimal() or int(nth) < 1):
        raise ValueError(f"{VARIABLE}={value!r}: the part after ':' counts passages, so it must be 1 or more")
    return Armed(name, int(nth or 1))


_armed = parse(os.environ.get(VARIABLE))


def faultpoint(name: str) -> None:
    """Die here if the process was told to; otherwise do nothing."""
    if _armed is not None and _armed.due(name):
        os.write(2, f"faultpoint {name}: killing pid {os.getpid()}\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)
