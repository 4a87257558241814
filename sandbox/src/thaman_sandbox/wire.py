"""JSON as Salla speaks it: compact, UTF-8, decimals exact; and the success and error envelopes."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from thaman_sandbox.money import MARK

JSON_TYPE = "application/json"
_AMOUNT = re.compile(f'"{MARK}(-?[0-9]+(?:\\.[0-9]+)?)"')

JsonObject = dict[str, object]


def dumps(value: object) -> bytes:
    """Compact JSON; marked amounts become bare numbers."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return (_AMOUNT.sub(r"\1", text) if MARK in text else text).encode()


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def loads(raw: bytes) -> object:
    """Parse JSON; numbers with a point are ``Decimal``. ``ValueError`` for anything else than JSON."""
    text = raw.decode("utf-8").replace(MARK, "")
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)


@dataclass(slots=True)
class Answer:
    """What a call gives back, before it is written to the socket."""

    status: int
    body: object | None = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    """Used instead of ``body`` where the answer is not JSON."""
    content_type: str = JSON_TYPE

    def payload(self) -> bytes:
        """The bytes of the body."""
        if self.raw is not None:
            return self.raw
        return b"" if self.body is None else dumps(self.body)


def ok(data: object, status: int = 200) -> Answer:
    """The success envelope."""
    return Answer(status, {"status": status, "success": True, "data": data})


def done(message: str, code: int) -> Answer:
    """The envelope of an action's result."""
    return ok({"message": message, "code": code}, code)


def refused(status: int, code: str | int, message: str, fields: Mapping[str, list[str]] | None = None) -> Answer:
    """The error envelope."""
    error: JsonObject = {"code": code, "message": message}
    if fields is not None:
        error["fields"] = dict(fields)
    return Answer(status, {"status": status, "success": False, "error": error})


def page_of(rows: Iterable[object], pagination: JsonObject) -> Answer:
    """One page of a list."""
    return Answer(200, {"status": 200, "success": True, "data": list(rows), "pagination": pagination})
