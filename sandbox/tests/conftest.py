"""A running sandbox, real HTTP, and a receiver of webhooks."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from thaman_sandbox.server import SandboxServer

CLIENT = {"client_id": "client-1", "client_secret": "secret-1"}
CALLBACK = "http://127.0.0.1:9/oauth/callback"
PATIENCE = 60.0


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """Wait until ``condition`` gives something true and return it."""
    end = time.monotonic() + PATIENCE
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {PATIENCE} s: {what}")
        pause.wait(0.01)


@dataclass
class Received:
    """One webhook as it arrived."""

    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass
class Hook:
    """A webhook address that remembers what came; ``answers`` are the statuses to give, the last one for ever."""

    url: str = ""
    answers: list[int] = field(default_factory=lambda: [200])
    received: list[Received] = field(default_factory=list)

    def events(self) -> list[str]:
        return [one.json["event"] for one in self.received]

    def wait(self, event: str, count: int = 1) -> list[Received]:
        def arrived() -> list[Received]:
            found = [one for one in self.received if one.json["event"] == event]
            return found if len(found) >= count else []

        return list(wait_for(arrived, f"{count} x {event}, got {self.events()}"))


@pytest.fixture
def hook() -> Iterator[Hook]:
    state = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = state.answers.pop(0) if len(state.answers) > 1 else state.answers[0]
            state.received.append(Received({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}/webhooks/salla"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


class Sandbox:
    """The sandbox as tests use it: ``control`` for its control API, ``api`` for a store's Merchant API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=20)

    def control(self, method: str, path: str, body: Any = None, expect: int | None = None) -> Any:
        answer = self.http.request(method, f"/_sandbox{path}", json=body)
        assert answer.status_code == expect if expect else answer.is_success, answer.text
        return answer.json()

    def register(self, **more: Any) -> None:
        self.control("POST", "/app", {**CLIENT, "redirect_uris": [CALLBACK], **more})

    def store(self, **wanted: Any) -> int:
        return int(self.control("POST", "/stores", {"products": 12, "auto_approve": True, **wanted})["store_id"])

    def switch(self, **values: Any) -> None:
        self.control("PUT", "/switches", values)

    def tokens(self, store_id: int) -> dict[str, Any]:
        return dict(self.control("POST", f"/stores/{store_id}/tokens"))

    def token_request(self, **form: str) -> httpx.Response:
        return self.http.post("/oauth2/token", data={**CLIENT, **form})

    def refresh(self, token: str) -> httpx.Response:
        return self.token_request(grant_type="refresh_token", refresh_token=token)

    def api(self, token: str, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
        return self.http.request(method, f"/admin/v2{path}", headers=headers, json=body, **more)

    def products(self, store_id: int) -> list[dict[str, Any]]:
        return list(self.control("GET", f"/stores/{store_id}/products"))

    def simple_product(self, store_id: int) -> dict[str, Any]:
        """A product without variants and without a sale."""
        rows = self.products(store_id)
        return next(one for one in rows if not one["variants"] and one["sale"] is None and one["status"] == "sale")

    def varied_product(self, store_id: int) -> dict[str, Any]:
        return next(one for one in self.products(store_id) if one["variants"])

    def price(self, store_id: int, key: object) -> dict[str, int]:
        return dict(self.control("GET", f"/stores/{store_id}/prices")[str(key)])

    def authorize(self, store_id: int, **more: str) -> httpx.Response:
        query = {
            "client_id": CLIENT["client_id"],
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "offline_access products.read_write orders.read",
            "state": "stateABC123",
            "store_id": str(store_id),
            **more,
        }
        return self.http.get("/oauth2/auth", params=query)

    def exchange(self, code: str, **more: str) -> httpx.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **more}
        return self.token_request(**form)

    def settled(self) -> None:
        wait_for(lambda: not any(self.control("GET", "/pending").values()), "nothing pending")

    def write_log(self, after: int = 0) -> list[dict[str, Any]]:
        return list(self.control("GET", f"/write-log?after={after}"))


@pytest.fixture(scope="session")
def stopping() -> Iterator[list[SandboxServer]]:
    """Servers on their way out; nobody waits for them before the session ends."""
    servers: list[SandboxServer] = []
    yield servers
    for server in servers:
        server.stop()


@pytest.fixture
def sandbox(stopping: list[SandboxServer]) -> Iterator[Sandbox]:
    server = SandboxServer().start()
    found = Sandbox(server.url)
    found.register()
    yield found
    found.http.close()
    server.ask_to_stop()
    stopping.append(server)
