"""A sandbox in a thread of the running process, for tests and small scripts."""

import socket
import threading
import time
from types import TracebackType

import uvicorn

from thaman_sandbox.app import SandboxApp, create_app
from thaman_sandbox.config import SandboxConfig

PATIENCE_SECONDS = 20


class SandboxServer:
    """``with SandboxServer() as server: httpx.get(server.url + ...)``; picks a free port."""

    def __init__(self, config: SandboxConfig | None = None) -> None:
        self.app: SandboxApp = create_app(config)
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        settings = uvicorn.Config(
            self.app, log_level="warning", access_log=False, timeout_graceful_shutdown=2, loop="asyncio", http="h11"
        )
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    def start(self) -> "SandboxServer":
        """Start and wait until it answers."""
        self._thread.start()
        end = time.monotonic() + PATIENCE_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                raise RuntimeError("the sandbox did not start; see its log for the reason")
            self._thread.join(0.01)
        return self

    def ask_to_stop(self) -> None:
        """Let it stop by itself; :meth:`stop` waits for that."""
        self._server.should_exit = True

    def stop(self) -> None:
        """Stop and wait for the end."""
        self.ask_to_stop()
        self._thread.join(PATIENCE_SECONDS)
        self._socket.close()

    def __enter__(self) -> "SandboxServer":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
