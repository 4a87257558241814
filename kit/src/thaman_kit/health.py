"""Whether a process lives, and whether it is fit to work.

``/livez`` answers as long as the event loop turns and asks nobody else, so that a broken database cannot make every
process restart. ``/readyz`` runs the checks and names the failing parts. ``/metrics`` is for Prometheus.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from thaman_kit import metrics
from thaman_kit.logging import get_logger
from thaman_kit.redaction import redact_text

Check = Callable[[], Awaitable[None] | None]

TIMEOUT = 3.0
STOPPING = "stopping"
_READY = metrics.gauge("ready", "1 while every readiness check passes.")
log = get_logger(__name__)


class Health:
    """The checks of one process.

    A check passes by returning and fails by raising; it may be a coroutine function, or a plain function, which then
    runs in a thread.
    """

    def __init__(self, checks: Mapping[str, Check] | None = None, timeout: float = TIMEOUT) -> None:
        """``checks`` by the name of the part they look at; each has ``timeout`` seconds."""
        self._checks = dict(checks or {})
        self._timeout = timeout
        self._stopping = False
        self._last: dict[str, str] = {}

    def add(self, name: str, check: Check) -> None:
        """One more check."""
        self._checks[name] = check

    def stop(self) -> None:
        """From now on not ready, so that nobody sends more work."""
        self._stopping = True

    async def failing(self) -> dict[str, str]:
        """The failing parts with their reasons; empty when ready."""
        if self._stopping:
            return {STOPPING: "the process is shutting down"}
        reasons = await asyncio.gather(*(self._reason(check) for check in self._checks.values()))
        failing = {name: reason for name, reason in zip(self._checks, reasons, strict=True) if reason is not None}
        self._tell(failing)
        return failing

    def app(self) -> Starlette:
        """All three pages with reasons, for an internal port."""
        return Starlette(routes=[*self.routes(reasons=True), Route("/metrics", _metrics)])

    def routes(self, *, reasons: bool = False) -> list[Route]:
        """``/livez`` and ``/readyz`` to mount into an application; without ``reasons`` only parts are named."""

        async def readyz(request: Request) -> Response:
            failing = await self.failing()
            body: dict[str, object] = {"status": "unready" if failing else "ready"}
            if failing:
                body["failing"] = failing if reasons else sorted(failing)
            return JSONResponse(body, status_code=503 if failing else 200, headers=_UNCACHED)

        return [Route("/livez", _livez), Route("/readyz", readyz)]

    async def _reason(self, check: Check) -> str | None:
        try:
            async with asyncio.timeout(self._timeout):
                await _run(check)
        except TimeoutError:
            return f"no answer within {self._timeout:g} s"
        except Exception as error:
            # Whatever a check raises means "not ready"; the reason is shown and logged.
            return redact_text(f"{type(error).__name__}: {error}")[:300]
        return None

    def _tell(self, failing: dict[str, str]) -> None:
        _READY.set(0 if failing else 1)
        if failing.keys() != self._last.keys():
            if failing:
                log.warning("not_ready", failing=failing)
            elif self._last:
                log.info("ready_again", were_failing=sorted(self._last))
            self._last = failing


_UNCACHED = {"Cache-Control": "no-store"}


async def _livez(request: Request) -> Response:
    return JSONResponse({"status": "alive"}, headers=_UNCACHED)


async def _metrics(request: Request) -> Response:
    return Response(metrics.render(), media_type=metrics.CONTENT_TYPE)


async def _run(check: Check) -> None:
    if inspect.iscoroutinefunction(check):
        await check()
        return
    result = await asyncio.to_thread(check)
    if inspect.isawaitable(result):
        await result
