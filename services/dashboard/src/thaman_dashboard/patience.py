"""Waiting for the read models, so that the page after a command shows what it did."""

import time
from collections.abc import Callable

PATIENCE = 2.0
"""Seconds that a command waits for the read models."""

_POLL = 0.05


def until(condition: Callable[[], bool], patience: float) -> bool:
    """Wait until ``condition`` holds, at most ``patience`` seconds; whether it does."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL)
    return True
