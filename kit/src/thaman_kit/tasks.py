"""Ending tasks."""

import asyncio
import logging
from typing import Any

logger = logging.getLogger(__name__)

_AGAIN_S = 0.2


async def end(task: "asyncio.Task[Any]") -> None:
    """Cancel a task, unless it is done, and wait until it has ended. An error that it ends with is logged.

    One cancellation may not be enough: in Python 3.11 :func:`asyncio.wait_for`, which nats-py connects with, swallows
    one that comes in the moment in which its work is done (https://github.com/python/cpython/issues/86296). Whoever
    waits for such a task waits for ever.
    """
    if task.done():
        return
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_AGAIN_S)
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.warning("%s ended with %s: %s", task.get_name(), type(error).__name__, error)
