"""A service's processes: started, watched, and stopped in order.

``run_api``, ``run_worker`` and ``run_relay`` are the whole of a ``__main__.py``. They set up logs and traces, serve
health on the health port, stop gracefully on SIGTERM and SIGINT within ten seconds, and end the process with a code:

==== =========================================================================
0    stopped as told
1    a part failed or ended by itself; the log says which
69   a port is taken or a part was not there (``sysexits.h``: unavailable)
70   the event loop stood still for a minute, or the stop took too long
78   a setting is missing or wrong
==== =========================================================================
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NoReturn, TypeVar

from fastapi import FastAPI

from thaman_kit import collector, logging, telemetry
from thaman_kit.errors import PortTaken, SettingsError
from thaman_kit.health import Health
from thaman_kit.serving import WebServer
from thaman_kit.settings import ServiceSettings
from thaman_kit.stall import StallGuard

Part = Callable[[asyncio.Event], Awaitable[None]]
"""Something that runs until the event is set, and then ends by itself."""

S = TypeVar("S", bound=ServiceSettings)

EXIT_OK, EXIT_FAILED, EXIT_UNAVAILABLE, EXIT_STALLED, EXIT_SETTINGS = 0, 1, 69, 70, 78
GRACE = 7.0
DEADLINE = 9.5
STALL = 60.0
log = logging.get_logger(__name__)


def run_api(app: FastAPI, settings: ServiceSettings, *, parts: Mapping[str, Part] | None = None) -> NoReturn:
    """Serve an application made by :func:`thaman_kit.http.create_api` (with ``parts`` beside it) until told to stop."""
    server = WebServer("api", app, settings.http_host, settings.http_port, lifespan=True)
    _run("api", settings, {**(parts or {}), "api": server.run}, app.state.health, [])


def run_worker(
    settings: ServiceSettings,
    parts: Mapping[str, Part],
    health: Health,
    *,
    closing: Sequence[Callable[[], None]] = (),
) -> NoReturn:
    """Run ``parts`` (consumers, job runners) until told to stop; afterwards call ``closing`` in order."""
    _run("worker", settings, parts, health, closing)


def run_relay(
    settings: ServiceSettings,
    parts: Mapping[str, Part],
    health: Health,
    *,
    closing: Sequence[Callable[[], None]] = (),
) -> NoReturn:
    """Like :func:`run_worker`, for the process that publishes."""
    _run("relay", settings, parts, health, closing)


def load_settings(cls: type[S]) -> S:
    """The settings from the environment; a mistake ends the process with a readable message and code 78."""
    try:
        return cls.load()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_SETTINGS)


def _run(
    kind: str,
    settings: ServiceSettings,
    parts: Mapping[str, Part],
    health: Health,
    closing: Sequence[Callable[[], None]],
) -> NoReturn:
    service = settings.service()
    logging.configure(f"{service}-{kind}", settings.log_level, settings.log_format)
    telemetry.setup(f"{service}-{kind}")
    health_server = WebServer("health", health.app(), settings.health_host, settings.health_port)
    log.info("starting", parts=sorted(parts), pid=os.getpid(), environment=settings.environment)
    code = EXIT_FAILED
    collector.calm()
    try:
        code = asyncio.run(Supervisor({**parts, "health": health_server.run}, health).run())
    finally:
        code = _close(closing, code)
        telemetry.shutdown()
        log.info("stopped", code=code)
    sys.exit(code)


def _close(closing: Sequence[Callable[[], None]], code: int) -> int:
    for close in closing:
        try:
            close()
        except Exception:
            # The others must still be closed; the exit code tells that something went wrong.
            log.exception("closing_failed")
            code = code or EXIT_FAILED
    return code


class Supervisor:
    """Runs parts side by side until a signal comes or one of them ends."""

    def __init__(self, parts: Mapping[str, Part], health: Health, grace: float = GRACE, stall: float = STALL) -> None:
        """``grace`` is how long parts may take to end; ``stall`` how long the event loop may stand still."""
        self._parts = parts
        self._health = health
        self._grace = grace
        self._stall = stall
        self._stop = asyncio.Event()
        self._code = EXIT_OK

    async def run(self) -> int:
        """Run to the end and return the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop, number)
        with StallGuard(loop, self._stall, EXIT_STALLED):
            tasks = [asyncio.create_task(self._guarded(name, part), name=name) for name, part in self._parts.items()]
            await self._stop.wait()
            await self._wind_down(tasks)
        return self._code

    def _told_to_stop(self, number: signal.Signals) -> None:
        if self._stop.is_set():
            log.warning("stopping_at_once", signal=number.name)
            os._exit(EXIT_STALLED)
        log.info("stopping", signal=number.name)
        self._stop.set()

    async def _guarded(self, name: str, part: Part) -> None:
        try:
            await part(self._stop)
        except PortTaken as error:
            self._fail(EXIT_UNAVAILABLE)
            log.error("port_taken", part=name, error=str(error))
        except Exception:
            self._fail(EXIT_FAILED)
            log.exception("part_failed", part=name)
        else:
            if not self._stop.is_set():
                self._fail(EXIT_FAILED)
                log.error("part_ended", part=name)

    def _fail(self, code: int) -> None:
        self._code = self._code or code
        self._stop.set()

    async def _wind_down(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        self._health.stop()
        _last_resort(DEADLINE)
        _, late = await asyncio.wait(tasks, timeout=self._grace)
        if late:
            log.warning("parts_cancelled", parts=sorted(task.get_name() for task in late))
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


def _last_resort(within: float) -> None:
    """End the process hard if a thread that cannot be cancelled keeps it alive."""

    def end() -> None:
        log.critical("stop_took_too_long", seconds=within)
        os._exit(EXIT_STALLED)

    timer = threading.Timer(within, end)
    timer.daemon = True
    timer.start()
