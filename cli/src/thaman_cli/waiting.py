"""Waiting for something to become true, with an end."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from thaman_cli.errors import DemoFailed

T = TypeVar("T")
POLL_SECONDS = 0.2


async def until(what: str, look: Callable[[], Awaitable[T | None]], seconds: float = 60.0) -> T:
    """Look again and again until the answer is not ``None``.

    Raises:
        DemoFailed: it stayed so for ``seconds``; ``what`` is named.
    """
    end = time.monotonic() + seconds
    while (found := await look()) is None:
        if time.monotonic() > end:
            raise DemoFailed(
                f"Waited in vain: {what}",
                f"it was not so after {seconds:g} s",
                "Read the logs of onboarding, optimizer and scheduler in <home>/logs.",
            )
        await asyncio.sleep(POLL_SECONDS)
    return found
