"""What is done the short way for speed says the same as the long way."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NotJSMessageError

from thaman_contracts.envelope import Envelope, to_headers
from thaman_contracts.events import onboarding
from thaman_kit.database import Database
from thaman_kit.domain import DomainEvent, EventMeta
from thaman_kit.errors import UnknownTopic
from thaman_kit.mapper import PydanticMapper
from thaman_kit.nats import deliveries_of, plain_headers, read_headers_fast
from thaman_kit.publication import Publication

names = st.text("abcXYZ019-_", min_size=1)
values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x17F), max_size=20)


class Noted(DomainEvent, topic="fast.Noted", class_version=2):
    words: str
    amount: int | None = None


class Paused(DomainEvent, onboarding.StorePaused, topic="fast.Paused"):
    inner_note: str = "stays at home"


class Renamed(DomainEvent, topic="fast.Renamed", class_version=2):
    reason_given: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> dict[str, Any]:
        return state | {"reason_given": state.pop("why")}


@given(headers=st.dictionaries(names, values), gap=st.sampled_from((": ", ":", ":\t", " : ")))
def test_headers_read_fast_are_those_of_the_library(headers: dict[str, str], gap: str) -> None:
    raw = "".join(f"{name}{gap}{value}\r\n" for name, value in headers.items()).encode() + b"\r\n"
    thorough = Client()._parse_header_lines(raw)
    assert plain_headers(raw) in (None, thorough)
    assert read_headers_fast(Client())._parse_header_lines(raw) == thorough


def test_our_own_headers_need_no_closer_look() -> None:
    envelope = Envelope(f"{uuid4()}:1", "onboarding", "thaman.onboarding.StorePaused.v1", "1", datetime.now(UTC), 9, 3)
    headers = to_headers(envelope)
    raw = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n"
    assert plain_headers(raw) == headers


@given(store_id=st.text())
def test_header_values_are_quoted_whatever_they_are(store_id: str) -> None:
    envelope = Envelope(f"{uuid4()}:1", "x", "thaman.x.Y.v1", store_id.replace("\ud800", ""), datetime.now(UTC), 9, 3)
    quoted = to_headers(envelope)["ce-subject"]
    assert unquote(quoted) == store_id
    assert all(0x21 <= ord(one) < 0x7F and one != '"' for one in quoted)


@pytest.mark.parametrize(
    "reply",
    [
        "$JS.ACK.ONBOARDING.one.3.10.11.1700000000000000000.4",
        "$JS.ACK._.hash.ONBOARDING.one.3.10.11.1700000000000000000.4",
    ],
)
def test_deliveries_are_counted_as_the_library_does(reply: str) -> None:
    message = Msg(Client(), reply=reply)
    assert deliveries_of(message) == message.metadata.num_delivered == 3


def test_a_message_of_no_consumer_has_no_deliveries() -> None:
    with pytest.raises(NotJSMessageError):
        deliveries_of(Msg(Client(), reply="_INBOX.1"))


@given(words=st.text(st.characters(exclude_categories=("Cs",))), amount=st.none() | st.integers(), cause=st.booleans())
def test_a_stored_state_holds_what_the_event_says(words: str, amount: int | None, cause: bool) -> None:
    meta = EventMeta(correlation_id="a", traceparent="b") if cause else EventMeta()
    event = Noted(
        originator_id=uuid4(), originator_version=1, store_id="1", occurred_at=datetime.now(UTC), words=words,
        amount=amount, meta=meta,
    )  # fmt: skip
    stored = PydanticMapper.to_stored_event(_mapper(), event)
    expected = event.model_dump(mode="json", exclude={"originator_id", "originator_version"})
    expected["meta"] = meta.model_dump(exclude_none=True)
    assert json.loads(stored.state) == expected | {"class_version": 2}
    assert stored.state == json.dumps(
        {name: expected[name] for name in expected if name != "meta"} | {"meta": expected["meta"], "class_version": 2},
        separators=(",", ":"), ensure_ascii=False,
    ).encode()  # fmt: skip
    assert _mapper().to_domain_event(stored) == event


def test_a_connection_that_the_server_closed_is_replaced(world: Any) -> None:
    database: Database = world.sink.database
    before = database.fetch_all("SELECT pg_backend_pid() AS pid")[0]["pid"]
    with Database(world.sink._url, "scheduler", 1).transaction() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (before,))
    assert database.fetch_all("SELECT pg_backend_pid() AS pid")[0]["pid"] != before


@given(reason=st.text(st.characters(exclude_categories=("Cs",)), max_size=40), traced=st.booleans())
def test_a_row_is_published_as_its_event_would_be(reason: str, traced: bool) -> None:
    meta = EventMeta(correlation_id="c", traceparent=f"00-{'a' * 32}-{'b' * 16}-01" if traced else None)
    names: dict[str, Any] = {"originator_id": uuid4(), "originator_version": 3, "store_id": "4711"}
    event = Paused(**names, occurred_at=datetime.now(UTC), fence=2, reason=reason, paused_by="operator", meta=meta)
    publication = Publication("onboarding")
    row = _mapper().to_stored_event(event)
    message = publication.message_of_row(row, 12, lambda store_id: 5 if store_id == "4711" else 0)
    assert message == publication.message_of(event, 12, 5)
    assert message is not None
    assert b"stays at home" not in message.body


def test_a_row_that_is_published_as_something_else_takes_the_long_way() -> None:
    state = {"store_id": "4711", "occurred_at": "2026-01-01T00:00:00Z", "why": "stock"}
    row = StoredEvent(uuid4(), 1, "fast.Renamed", json.dumps(state).encode())

    def as_paused(event: Any) -> onboarding.StorePaused:
        return onboarding.StorePaused(
            store_id=event.store_id, occurred_at=event.occurred_at, fence=1, reason=event.reason_given, paused_by="x"
        )

    message = Publication("onboarding", {Renamed: as_paused}).message_of_row(row, 1, lambda _: 0)
    assert message is not None
    assert json.loads(message.body)["reason"] == "stock"
    assert Publication("onboarding", {Renamed: None}).message_of_row(row, 1, lambda _: 0) is None
    with pytest.raises(UnknownTopic):
        Publication("onboarding").message_of_row(StoredEvent(uuid4(), 1, "fast.Gone", b"{}"), 1, lambda _: 0)


def _mapper() -> PydanticMapper:
    return PydanticMapper.__new__(PydanticMapper)
