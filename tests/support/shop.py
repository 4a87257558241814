"""A web server of a test's own: a rival's shop, a feed's host, a search engine."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Answer = Callable[[BaseHTTPRequestHandler], None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


class Shop:
    """A web server whose pages are set by the test; what it was asked for is kept.

    ``asked`` has paths and headers, ``moments`` when each request came (monotonic seconds), ``posted`` what was sent
    along, ``most_together`` how many requests were being answered at once.
    """

    def __init__(self) -> None:
        self.pages: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.moments: list[float] = []
        self.posted: list[Any] = []
        self.most_together = 0
        self._answering: set[int] = set()
        self._guard = threading.Lock()
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with shop._guard:
                    shop.asked.append((self.path, dict(self.headers)))
                    shop.moments.append(time.monotonic())
                    shop._answering.add(id(self))
                    shop.most_together = max(shop.most_together, len(shop._answering))
                answer = shop.pages.get(self.path)
                try:
                    if answer is None:
                        self.send_error(404)
                    else:
                        answer(self)
                finally:
                    shop._leave(self)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                shop.posted.append(json.loads(body))
                self.do_GET()

            def log_message(self, format: str, *args: Any) -> None:
                """Tests look at :attr:`Shop.asked` instead."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.host = self.url.removeprefix("http://")

    def stop(self) -> None:
        """Close the server."""
        self._server.shutdown()
        self._server.server_close()

    def serve(self, path: str, body: str | bytes, status: int = 200, **headers: str) -> None:
        """Answer ``path`` so; to a request that knows the answer's etag with 304."""
        data = body.encode() if isinstance(body, str) else body

        def answer(handler: BaseHTTPRequestHandler) -> None:
            same = status == 200 and "etag" in headers and handler.headers.get("if-none-match") == headers["etag"]
            handler.send_response(304 if same else status)
            for name, value in ({"content-type": "text/html; charset=utf-8"} | headers).items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("content-length", "0" if same else str(len(data)))
            self._leave(handler)
            handler.end_headers()
            if not same:
                handler.wfile.write(data)

        self.pages[path] = answer

    def _leave(self, handler: BaseHTTPRequestHandler) -> None:
        """A request is answered; told before the last byte is sent, since its client may come back at once."""
        with self._guard:
            self._answering.discard(id(handler))

    def drip(self, path: str, release: threading.Event) -> None:
        """Answer ``path`` a byte at a time, until ``release`` is set."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.end_headers()
            while not release.wait(0.05):
                try:
                    handler.wfile.write(b"x")
                except OSError:
                    return

        self.pages[path] = answer

    def paths(self) -> list[str]:
        """The paths it was asked for, in order."""
        return [path for path, _ in self.asked]


@pytest.fixture(name="shop")
def shop_fixture() -> Iterator[Shop]:
    """A shop that is closed at the test's end."""
    server = Shop()
    try:
        yield server
    finally:
        server.stop()
