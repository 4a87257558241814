"""Logs: structured, complete, and without secrets."""

import io
import json
import logging as stdlib_logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_kit import telemetry
from thaman_kit.logging import configure, get_logger, log_context
from thaman_kit.redaction import MASK, is_secret_name, redact, redact_text

CANARY = "C4naryC4naryC4nary"
token_bodies = st.text("ABCDEFGHabcdefgh0123456789_-.", min_size=12, max_size=40).map(lambda text: f"x{text}x")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where JSON logs go during the test; the root logger is put back afterwards."""
    root = stdlib_logging.getLogger()
    before, level = root.handlers[:], root.level
    output = io.StringIO()
    configure("demo", "info", "json", output)
    yield output
    root.handlers[:] = before
    root.setLevel(level)
    stdlib_logging.captureWarnings(False)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """The log as written."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_has_time_level_service_context_and_trace(stream: io.StringIO) -> None:
    telemetry.setup("test")
    with log_context(store_id="42", run_id="r1"), telemetry.tracer().start_as_current_span("s"):
        trace_id = telemetry.current_trace_id()
        get_logger("thaman.demo").info("price_applied", price=1999, name="قميص")
    (line,) = lines(stream)
    assert line.pop("time").endswith("Z")
    assert line == {
        "event": "price_applied",
        "level": "info",
        "logger": "thaman.demo",
        "service": "demo",
        "store_id": "42",
        "run_id": "r1",
        "trace_id": trace_id,
        "price": 1999,
        "name": "قميص",
    }
    assert "قميص" in stream.getvalue()


def test_context_ends_with_its_block(stream: io.StringIO) -> None:
    with log_context(store_id="42"):
        pass
    get_logger("demo").info("later")
    assert "store_id" not in lines(stream)[0]


def test_the_standard_library_and_levels(stream: io.StringIO) -> None:
    stdlib_logging.getLogger("uvicorn.error").warning("port %s of %s", 80, f"https://u:{CANARY}@h")
    stdlib_logging.getLogger("httpx").info("HTTP Request: GET https://h/?code=%s", CANARY)
    get_logger("demo").debug("unseen")
    (line,) = lines(stream)
    assert (line["event"], line["level"]) == (f"port 80 of https://u:{MASK}@h", "warning")


def test_no_secret_gets_out_by_any_way(stream: io.StringIO) -> None:
    class Odd:
        def __repr__(self) -> str:
            return f"Odd(access_token='{CANARY}')"

    log = get_logger("demo")
    log.info(f"got ory_at_{CANARY}", a=f"Bearer {CANARY}", access_token=CANARY, body={"x": [{"client_secret": CANARY}]})
    log.info("odd", odd=Odd(), raw=CANARY.encode(), nested=({"Authorization": f"Basic {CANARY}"},))
    log.info("json", body=json.dumps({"refresh_token": CANARY, "expires": 3}))
    log.warning("url", url=f"postgresql://app:{CANARY}@db/x", link=f"https://h/cb?code={CANARY}&x=1")
    try:
        raise ValueError(f"thk_live_{CANARY} and password={CANARY}")
    except ValueError:
        log.exception("failed")
        stdlib_logging.getLogger("other").exception("refresh_token: %s", CANARY)
    assert CANARY not in stream.getvalue()
    assert len(lines(stream)) == 6
    failed = lines(stream)[4]
    assert "Traceback" in failed["exception"]
    assert "ValueError" in failed["exception"]


def test_text_logs_are_redacted_too(stream: io.StringIO) -> None:
    output = io.StringIO()
    configure("demo", "debug", "text", output)
    try:
        raise ValueError(f"ory_rt_{CANARY}")
    except ValueError:
        get_logger("demo").exception("failed", api_key=CANARY, store_id="42")
    text = output.getvalue()
    assert CANARY not in text
    assert "store_id=42" in text.replace("\x1b", "")
    assert "ValueError" in text


@given(body=token_bodies, kind=st.sampled_from(["ory_at_", "ory_rt_", "ory_ac_", "thk_live_", "thk_test_"]))
def test_tokens_are_found_anywhere(body: str, kind: str) -> None:
    token = kind + body.replace(".", "").replace("-", "") if kind.startswith("thk") else kind + body
    assert token not in redact_text(f"before {token} after")
    assert token not in json.dumps(redact({"a": [token, {"b": f"<{token}>"}]}))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=9))
def test_redaction_gives_plain_json_and_keeps_numbers(value: Any) -> None:
    cleaned = redact(value)
    assert json.loads(json.dumps(cleaned)) == cleaned
    assert redact({"prompt_tokens": 512, "key_id": "key_1", "price": 5}) == {
        "prompt_tokens": 512,
        "key_id": "key_1",
        "price": 5,
    }


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("access_token", True), ("token", True), ("X-Refresh-Token", True), ("client_secret", True),
        ("secret_name", True), ("password", True), ("Authorization", True), ("Set-Cookie", True), ("api_key", True),
        ("api_key_pepper", True), ("tokens", False), ("completion_tokens", False), ("key_id", False),
        ("store_id", False), ("token_expires_at", False),
    ],
)  # fmt: skip
def test_names_of_secrets(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret


@pytest.mark.parametrize(
    "harmless",
    [
        "order 42 applied", "token expired at 12:00", "https://host:8080/path?page=2", "cost: 12, floor=99",
        "2026-01-01", "store 1305146709, gtin 00012345678905",
        "nats://relay@127.0.0.1:4222", "5a1f6c5e-7d0b-5d0e-9f3b-966512345678",
    ],
)  # fmt: skip
def test_harmless_text_stays(harmless: str) -> None:
    assert redact_text(harmless) == harmless


@pytest.mark.parametrize("contact", ["owner.one@shop.example", "+966512345678", "00966512345678", "0512345678"])
def test_no_way_to_reach_a_person_stays(contact: str) -> None:
    assert redact_text(f"ask {contact}, please") == f"ask {MASK}, please"


@pytest.mark.parametrize(
    "reach",
    [
        "+966 50 123 4567", "050-123-4567", "+966-501234567", "٠٥٠١٢٣٤٥٦٧", "owner/ahmed@shop.sa", "0501234567",
        "00966501234567", "+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧", "+201001234567",
    ],
)  # fmt: skip
def test_ways_to_reach_a_person_are_masked(reach: str) -> None:
    assert redact_text(f"call {reach}, he said") in (f"call {MASK}, he said", f"call owner/{MASK}, he said")


@pytest.mark.parametrize(
    "text",
    [
        "price 1999 to 2050 and 12 345 678", "store 1419723483, order 966123", "on 05-11-2026 12:00",
        "2026-11-29T05:00:00",
        "run 7f05012345678", "١٢٫٥٠ ر.س", "+5 % of 100 000 000", "key_0501234567", "pkg@1.2.3", "nats://app@bus.example",
    ],
)  # fmt: skip
def test_prices_ids_and_dates_are_left_alone(text: str) -> None:
    assert redact_text(text) == text
