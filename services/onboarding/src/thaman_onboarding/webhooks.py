"""What a Salla webhook is: its proof, its envelope, its times. Pure."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from thaman_onboarding.errors import WebhookForged, WebhookMalformed

RIYADH = ZoneInfo("Asia/Riyadh")

_JAVASCRIPT = "%a %b %d %Y %H:%M:%S GMT%z"
_TIMES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z")
_EVENT = re.compile(r"^[a-z][a-z0-9_.]{1,80}$")


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """One event as Salla sent it. Numbers with decimals in ``data`` are :class:`~decimal.Decimal`.

    ``provider_time`` is Salla's own time of the event, ``None`` where it cannot be read; ``data`` may hold tokens or
    personal data and is not shown when printed.
    """

    name: str
    store_id: str
    provider_time: datetime | None
    body_hash: str
    data: Mapping[str, Any] = field(repr=False)

    @property
    def family(self) -> str:
        """``app``, ``product``, ``order`` or another first word."""
        return self.name.partition(".")[0]


def verify(raw: bytes, headers: Mapping[str, str], strategy: str, secret: str) -> None:
    """Check the proof of the configured strategy; another one is not accepted, whatever the message claims.

    Raises:
        WebhookForged: the proof is missing or wrong.
    """
    if strategy == "signature":
        given = headers.get("x-salla-signature", "").strip().lower()
        expected = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        name = "X-Salla-Signature"
    else:
        given, expected, name = headers.get("authorization", ""), secret, "Authorization"
    if not given:
        raise WebhookForged(f"the header {name} is missing")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise WebhookForged(f"the header {name} does not fit the body")


def body_hash(raw: bytes) -> str:
    """The name of a webhook: Salla gives none, so it is the hash of what was sent (event, store and time are in it)."""
    return hashlib.sha256(raw).hexdigest()


def parse(raw: bytes) -> WebhookEvent:
    """Read the envelope.

    Raises:
        WebhookMalformed: it is not JSON, or lacks event, merchant or data.
    """
    try:
        body = json.loads(raw, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise WebhookMalformed("the body is not JSON") from error
    if not isinstance(body, dict):
        raise WebhookMalformed("the body is not a JSON object")
    name, merchant, data = body.get("event"), body.get("merchant"), body.get("data")
    if not isinstance(name, str) or not _EVENT.match(name):
        raise WebhookMalformed("the event has no name")
    if isinstance(merchant, bool) or not isinstance(merchant, int | str) or not _is_store(str(merchant)):
        raise WebhookMalformed("the event names no merchant")
    if not isinstance(data, dict):
        raise WebhookMalformed("the event has no data")
    return WebhookEvent(name, str(merchant), read_time(body.get("created_at")), body_hash(raw), data)


def store_named(raw: bytes) -> str | None:
    """The store that a body names which is no event otherwise, so that it goes when the store is forgotten."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    merchant = body.get("merchant") if isinstance(body, dict) else None
    if isinstance(merchant, bool) or not isinstance(merchant, int | str) or not _is_store(str(merchant)):
        return None
    return str(merchant)


def read_time(value: Any) -> datetime | None:
    """Salla's two ways of writing a moment; without a zone it is Riyadh time. ``None`` when it is neither."""
    if not isinstance(value, str):
        return None
    text = re.sub(r"\s*\(.*\)$", "", value.strip()).replace("Z", "+0000")
    for form in (_JAVASCRIPT, *_TIMES):
        try:
            moment = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is added below
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=RIYADH)
    return None


def _is_store(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 20


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")
