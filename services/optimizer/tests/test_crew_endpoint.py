"""Calls of the endpoint, over HTTP: each way to fail has its reason, and what was used is counted. No CrewAI here."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr

from thaman_contracts.events.advice import AssessmentReason
from thaman_kit.embedded.process import free_port
from thaman_optimizer.adapters.crew.endpoint import CallFailed, Endpoint, Line
from thaman_optimizer.domain.budget import Allowance, TokenPrices, Usage

PLENTY = Allowance(10**6, 10**9)
PRICES = TokenPrices(1_000_000, 1_000_000)
USER = [{"role": "user", "content": "سؤال", "files": {"not": "sent"}}]


class Server:
    """Answers with ``status`` and ``body``, after ``gate`` is open; what it was sent is kept."""

    def __init__(self) -> None:
        self.status, self.body, self.location = 200, answer("ok"), ""
        self.gate = threading.Event()
        self.gate.set()
        self.sent: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.url = ""


def answer(content: str, **more: Any) -> bytes:
    usage = {"prompt_tokens": 7, "completion_tokens": 3}
    message = {"role": "assistant", "content": content} | more.pop("message", {})
    return json.dumps({"choices": [{"message": message}], "usage": usage} | more).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.sent.append((headers | {"path": self.path}, json.loads(body)))
            state.gate.wait(20)
            self.send_response(state.status)
            if state.location:
                self.send_header("location", state.location)
            self.send_header("content-length", str(len(state.body)))
            self.end_headers()
            with suppress(ConnectionError):  # whoever asked may not want so much
                self.wfile.write(state.body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output quiet."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    state.url = f"http://127.0.0.1:{http.server_port}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield state
    state.gate.set()
    http.shutdown()
    thread.join()
    http.server_close()


def line_to(url: str, allowance: Allowance = PLENTY, call_s: float = 5.0, seconds: float = 10.0) -> Callable[[], Line]:
    """Makes a line, inside the loop that it lives in."""
    endpoint = Endpoint(url, SecretStr("key-1"), "model-1", call_s, 50)
    return lambda: Line(endpoint, allowance, PRICES, seconds)


def talk(make: Callable[[], Line], calls: int = 1, **wanted: Any) -> tuple[Line, list[Any]]:
    """Make some calls on one line; a failed one's reason stands for its answer."""

    async def all_calls() -> tuple[Line, list[Any]]:
        line, found = make(), []
        try:
            for _ in range(calls):
                try:
                    found.append(await line.complete(USER, **wanted))
                except CallFailed as error:
                    found.append(error.reason)
        finally:
            await line.close()
        return line, found

    return asyncio.run(all_calls())


def test_a_call_carries_what_the_endpoint_needs_and_no_more(server: Server) -> None:
    line, (found,) = talk(line_to(server.url), schema=("advice", {"type": "object"}))
    assert found["content"] == "ok"
    ((headers, body),) = server.sent
    assert headers["authorization"] == "Bearer key-1"
    assert headers["path"] == "/v1/chat/completions"
    assert body["messages"] == [{"role": "user", "content": "سؤال"}]
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("model-1", 50, 0)
    assert body["response_format"]["json_schema"]["name"] == "advice"
    assert "tools" not in body and "stream" not in body
    assert line.usage == Usage(7, 3)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (429, b"{}", AssessmentReason.ENDPOINT_REFUSED),
        (500, b"secret", AssessmentReason.ENDPOINT_REFUSED),
        (200, b"<html>", AssessmentReason.MALFORMED),
        (200, b"[" * 100_000, AssessmentReason.MALFORMED),
        (200, b"[]", AssessmentReason.MALFORMED),
        (200, b'{"choices": []}', AssessmentReason.MALFORMED),
        (200, b'{"choices": [{"message": "x"}]}', AssessmentReason.MALFORMED),
        (200, b" " * 1_100_000, AssessmentReason.MALFORMED),
        (200, answer("", message={"refusal": "no"}), AssessmentReason.MODEL_REFUSED),
    ],
)
def test_every_useless_answer_has_its_reason(
    server: Server, status: int, body: bytes, reason: AssessmentReason
) -> None:
    server.status, server.body = status, body
    line, found = talk(line_to(server.url))
    assert found == [reason]
    assert line.failure is reason
    assert len(server.sent) == 1, "nothing is tried twice"


def test_redirects_are_not_followed(server: Server) -> None:
    server.status, server.location = 307, "http://127.0.0.1:1/elsewhere"
    assert talk(line_to(server.url))[1] == [AssessmentReason.ENDPOINT_REFUSED]


def test_no_answer_in_time_and_nobody_there(server: Server) -> None:
    server.gate.clear()
    assert talk(line_to(server.url, call_s=0.2))[1] == [AssessmentReason.TIMEOUT]
    assert talk(line_to(server.url, seconds=0.2))[1] == [AssessmentReason.TIMEOUT]
    assert talk(line_to(f"http://127.0.0.1:{free_port()}/v1"))[1] == [AssessmentReason.UNREACHABLE]


def test_after_the_deadline_nothing_is_sent(server: Server) -> None:
    assert talk(line_to(server.url, seconds=0.0))[1] == [AssessmentReason.TIMEOUT]
    assert server.sent == []


def test_a_call_that_might_use_more_than_is_left_is_not_sent(server: Server) -> None:
    line, found = talk(line_to(server.url, Allowance(300, 10**9)), calls=20)
    answered = [one for one in found if isinstance(one, dict)]
    assert 0 < len(answered) < 20
    assert set(map(str, found[len(answered) :])) == {"run_budget"}
    assert line.usage == Usage(7 * len(answered), 3 * len(answered))
    assert line.usage.tokens <= 300
    assert len(server.sent) == len(answered)
    assert talk(line_to(server.url, Allowance(10**6, 100)))[1] == [AssessmentReason.RUN_BUDGET], "money, too"


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        {"prompt_tokens": -1, "completion_tokens": 1},
        {"prompt_tokens": True},
        {"prompt_tokens": 10**30, "completion_tokens": 1},
    ],
)
def test_a_call_that_does_not_say_what_it_used_counts_for_the_most(server: Server, usage: Any) -> None:
    server.body = answer("ok", usage=usage)
    line, _ = talk(line_to(server.url))
    (_, body), *_ = server.sent
    assert line.usage.estimated
    assert line.usage.output_tokens == 50
    assert line.usage.input_tokens == len(json.dumps(body, ensure_ascii=False).encode())
