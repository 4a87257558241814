"""The CloudEvents envelope over NATS headers."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_contracts.envelope import Envelope, EnvelopeError, encode, from_headers, to_headers

AN_ID = UUID("6a3ce9b0-3c5c-5b5e-8a57-0d3c8f5a1e11")
texts = st.text(min_size=1, max_size=40)
instants = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


def an_envelope(**changes: object) -> Envelope:
    values: dict[str, object] = {
        "event_id": f"{AN_ID}:3",
        "service": "optimizer",
        "type": "thaman.optimizer.PriceDecided.v1",
        "store_id": "1305146709",
        "time": datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
        "position": 17,
        "previous": 12,
    }
    return Envelope(**(values | changes))  # type: ignore[arg-type]


@given(
    version=st.integers(1, 10**9),
    time=instants,
    position=st.integers(1, 2**62),
    correlation=st.none() | texts,
    causation=st.none() | texts,
)
def test_headers_and_back(
    version: int, time: datetime, position: int, correlation: str | None, causation: str | None
) -> None:
    envelope = an_envelope(
        event_id=f"{AN_ID}:{version}",
        time=time,
        position=position,
        correlation_id=correlation,
        causation_id=causation,
        trace={"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
    )
    headers = to_headers(envelope)
    assert all(value.isascii() and value.isprintable() and " " not in value for value in headers.values())
    assert from_headers(headers) == envelope
    assert from_headers({name.upper(): value for name, value in headers.items()}) == envelope
    optional = ("ce-correlationid", "ce-causationid", "traceparent")
    mixed = {name.upper() if name in optional else name: value for name, value in headers.items()}
    assert from_headers(mixed) == envelope


def test_names_its_parts() -> None:
    envelope = an_envelope()
    assert envelope.originator == (AN_ID, 3)
    assert envelope.event_name == "PriceDecided"
    assert to_headers(envelope)["Nats-Msg-Id"] == f"{AN_ID}:3"


@pytest.mark.parametrize(
    ("header", "value", "says"),
    [
        ("ce-id", None, "ce-id is missing"),
        ("ce-id", "nonsense", "malformed"),
        ("ce-type", "PriceDecided", "not of the form"),
        ("ce-specversion", "0.3", "not 1.0"),
        ("ce-time", "yesterday", "malformed"),
        ("Thaman-Position", "x", "malformed"),
        ("Thaman-Previous", None, "thaman-previous is missing"),
    ],
)
def test_says_what_is_wrong(header: str, value: str | None, says: str) -> None:
    headers = to_headers(an_envelope())
    if value is None:
        del headers[header]
    else:
        headers[header] = value
    with pytest.raises(EnvelopeError, match=says):
        from_headers(headers)


def test_no_headers_is_no_event() -> None:
    with pytest.raises(EnvelopeError):
        from_headers(None)


def test_encoding_is_canonical() -> None:
    assert encode({"b": 1, "a": "عطر"}) == encode({"a": "عطر", "b": 1}) == '{"a":"عطر","b":1}'.encode()
    with pytest.raises(ValueError, match="JSON"):
        encode({"a": float("nan")})
