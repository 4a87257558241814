"""Waiting for a store's budget without holding anything but the job."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from thaman_onboarding.errors import SallaBusy

T = TypeVar("T")

WAITS = 30
"""Windows to wait for one call; half an hour, then the job is put back like any failure."""


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Make a call as soon as the store's budget allows; for long readings that would otherwise begin again.

    No transaction is open and no thread is held while waiting; the job's lease is extended by its runner.
    """
    for _ in range(WAITS):
        try:
            return await call()
        except SallaBusy as busy:
            await asyncio.sleep(busy.retry_after)
    return await call()
