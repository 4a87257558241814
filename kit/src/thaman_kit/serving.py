"""One ASGI application on one port, as a part of a process."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn

from thaman_kit.errors import PortTaken
from thaman_kit.logging import get_logger

GRACE_SECONDS = 5
KEEP_ALIVE_SECONDS = 15
MAX_CONCURRENT = 1000
log = get_logger(__name__)


class WebServer:
    """Serves ``app`` until told to stop; requests in hand then have five seconds."""

    def __init__(self, name: str, app: Any, host: str, port: int, *, lifespan: bool = False) -> None:
        """``name`` is for messages and the setting they point at: ``api`` or ``health``."""
        self._name = name
        self._host = host
        self._port = port
        config = uvicorn.Config(
            app,
            lifespan="on" if lifespan else "off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            limit_concurrency=MAX_CONCURRENT,
            # Named, so that a faster parser that some other package brings along changes nothing.
            http="h11",
            ws="none",
        )
        self._server = _Server(config)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until ``stop``.

        Raises:
            PortTaken: the port is not free.
        """
        listener = self._listen()
        log.info("listening", server=self._name, host=self._host, port=listener.getsockname()[1])
        with contextlib.closing(listener):
            serving = asyncio.create_task(self._server.serve(sockets=[listener]))
            stopping = asyncio.create_task(stop.wait())
            try:
                await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
            finally:
                stopping.cancel()
                self._server.should_exit = True
            await serving

    def _listen(self) -> socket.socket:
        try:
            return socket.create_server((self._host, self._port), backlog=1024)
        except OSError as error:
            setting = "THAMAN_HTTP_PORT" if self._name == "api" else "THAMAN_HEALTH_PORT"
            raise PortTaken(f"cannot listen on {self._host}:{self._port} ({error.strerror}): set {setting}") from error


class _Server(uvicorn.Server):
    """Leaves signals to the process, which has more than one server to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
