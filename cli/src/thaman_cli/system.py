"""Runs an installation in the foreground until it is told to stop."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

from thaman_cli.output import Output
from thaman_cli.state import Home
from thaman_cli.supervisor import Options, Supervisor

Body = Callable[[Supervisor], Awaitable[None]]
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_system(home: Home, options: Options, out: Output, body: Body) -> bool:
    """Start everything, run ``body``, and stop everything when it ends or a signal comes.

    Returns:
        whether ``body`` came to its own end (and was not cut short by a signal).
    """
    return asyncio.run(_run(Supervisor(home, options, out.step), out, body))


async def wait_for_ever(_: Supervisor) -> None:
    """A body that ends by a signal only."""
    await asyncio.Event().wait()


async def _run(supervisor: Supervisor, out: Output, body: Body) -> bool:
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, told_to_stop.set)
    loop.add_signal_handler(signal.SIGUSR1, lambda: asyncio.ensure_future(supervisor.reload_secrets()))
    work = asyncio.create_task(_start_and_run(supervisor, body))
    stop = asyncio.create_task(told_to_stop.wait())
    try:
        await asyncio.wait([work, stop], return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            await work
            return True
        return False
    finally:
        await _wind_up(supervisor, out, work, stop)


async def _start_and_run(supervisor: Supervisor, body: Body) -> None:
    await supervisor.start()
    await body(supervisor)


async def _wind_up(supervisor: Supervisor, out: Output, work: "asyncio.Task[None]", stop: "asyncio.Task[bool]") -> None:
    stop.cancel()
    work.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.wait([work])
    if supervisor.has_started:
        with out.step("stopping"):
            await supervisor.stop()
    else:
        await supervisor.stop()
