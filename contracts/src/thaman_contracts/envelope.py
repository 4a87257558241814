"""CloudEvents 1.0 in binary mode over NATS headers.

Each attribute travels in a header ``ce-<name>``; the body is the event's data as JSON. Header values are
percent-encoded as the binding asks. Two headers of our own let a consumer see gaps without trusting the bus:
``Thaman-Position`` (the event's place in its service's log) and ``Thaman-Previous`` (the place of the event before
it in the same partition, 0 for the first).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID

SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"
POSITION = "Thaman-Position"
PREVIOUS = "Thaman-Previous"
MESSAGE_ID = "Nats-Msg-Id"

# The binding asks to encode space, double quote, percent and everything outside printable ASCII.
_SAFE = "".join(chr(c) for c in range(0x21, 0x7F) if chr(c) not in '"%')
_is_plain = re.compile(r"[!#$&-~]*").fullmatch
_is_usual_id = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}:[0-9]+").fullmatch


class EnvelopeError(ValueError):
    """A message that is not a CloudEvent of ours; the message says which header is missing or wrong."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The context of one event, apart from its data.

    ``event_id`` is ``<originator id>:<version>`` and therefore unique and repeatable; ``position`` and ``previous``
    are places in the service's log (see the module docstring).
    """

    event_id: str
    service: str
    type: str
    store_id: str
    time: datetime
    position: int
    previous: int
    correlation_id: str | None = None
    causation_id: str | None = None
    trace: Mapping[str, str] = field(default_factory=dict)

    @property
    def originator(self) -> tuple[UUID, int]:
        """The aggregate's id and the event's version in it."""
        originator_id, _, version = self.event_id.rpartition(":")
        return UUID(originator_id), int(version)

    @property
    def event_name(self) -> str:
        """The event's name without service and version, e.g. ``PriceDecided``."""
        return self.type.split(".")[2]


def type_of(service: str, event_name: str, version: int) -> str:
    """The CloudEvents type, e.g. ``thaman.optimizer.PriceDecided.v1``."""
    return f"thaman.{service}.{event_name}.v{version}"


def to_headers(envelope: Envelope) -> dict[str, str]:
    """The NATS headers of a published event."""
    attributes = {
        "specversion": SPEC_VERSION,
        "id": envelope.event_id,
        "source": f"/{envelope.service}",
        "type": envelope.type,
        "subject": envelope.store_id,
        "time": envelope.time.isoformat().replace("+00:00", "Z"),
        "datacontenttype": CONTENT_TYPE,
        "dataschema": f"urn:thaman:schema:{envelope.type}",
        "partitionkey": envelope.store_id,
        "correlationid": envelope.correlation_id,
        "causationid": envelope.causation_id,
    }
    headers = {f"ce-{name}": _quoted(value) for name, value in attributes.items() if value is not None}
    headers |= {
        "content-type": CONTENT_TYPE,
        MESSAGE_ID: envelope.event_id,
        POSITION: str(envelope.position),
        PREVIOUS: str(envelope.previous),
    }
    return headers | dict(envelope.trace)


def from_headers(headers: Mapping[str, str] | None) -> Envelope:
    """Read an envelope back from NATS headers.

    Raises:
        EnvelopeError: a header that every event of ours carries is missing or malformed.
    """
    given = headers or {}
    spelled = _spelled(tuple(given))
    try:
        if given[spelled["ce-specversion"]] != SPEC_VERSION:
            raise EnvelopeError(f"CloudEvents version {given[spelled['ce-specversion']]!r} is not {SPEC_VERSION}")
        return Envelope(
            event_id=_checked_id(_unquoted(given[spelled["ce-id"]])),
            service=_unquoted(given[spelled["ce-source"]]).removeprefix("/"),
            type=_checked_type(_unquoted(given[spelled["ce-type"]])),
            store_id=_unquoted(given[spelled["ce-subject"]]),
            time=datetime.fromisoformat(_unquoted(given[spelled["ce-time"]])),
            position=int(given[spelled[POSITION.lower()]]),
            previous=int(given[spelled[PREVIOUS.lower()]]),
            correlation_id=_unquoted(given[spelled["ce-correlationid"]]) if "ce-correlationid" in spelled else None,
            causation_id=_unquoted(given[spelled["ce-causationid"]]) if "ce-causationid" in spelled else None,
            trace={name: given[spelled[name]] for name in ("traceparent", "tracestate") if name in spelled},
        )
    except KeyError as error:
        raise EnvelopeError(f"header {error.args[0]} is missing") from error
    except EnvelopeError:
        raise
    except ValueError as error:
        raise EnvelopeError(f"a header is malformed: {error}") from error


def encode(data: Mapping[str, Any]) -> bytes:
    """Canonical JSON: keys sorted, no spaces, UTF-8. The same data always gives the same bytes."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _quoted(value: str) -> str:
    return value if _is_plain(value) else quote(value, safe=_SAFE)


def _unquoted(value: str) -> str:
    return unquote(value) if "%" in value else value


@lru_cache(maxsize=256)
def _spelled(names: tuple[str, ...]) -> Mapping[str, str]:
    """How the names of headers are spelled, by their lower case; of one feed's messages nearly all have the same."""
    return {name.lower(): name for name in names}


def _checked_id(event_id: str) -> str:
    if _is_usual_id(event_id):
        return event_id
    originator_id, _, version = event_id.rpartition(":")
    UUID(originator_id)
    int(version)
    return event_id


@lru_cache(maxsize=1024)
def _checked_type(event_type: str) -> str:
    parts = event_type.split(".")
    if len(parts) != 4 or parts[0] != "thaman" or not parts[3].startswith("v"):
        raise EnvelopeError(f"{event_type!r} is not of the form thaman.<service>.<EventName>.v<N>")
    return event_type
