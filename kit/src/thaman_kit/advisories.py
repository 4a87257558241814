"""What the NATS server reported about deliveries given up and things deleted, kept in a stream of its own."""

import json
from dataclasses import dataclass
from typing import Any

from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from thaman_contracts.envelope import Envelope, EnvelopeError, from_headers
from thaman_contracts.subjects import ADVISORIES
from thaman_kit.nats import api


@dataclass(frozen=True, slots=True)
class Advisory:
    """One report; ``event`` is the message it is about, where the stream still has it."""

    sequence: int
    kind: str
    time: str
    stream: str
    consumer: str | None
    detail: dict[str, Any]
    event: Envelope | None


async def recent_advisories(connection: Client, limit: int = 50) -> list[Advisory]:
    """The latest reports, newest first.

    Raises:
        NotProvisioned: nothing keeps them; run ``provision``.
    """
    state = (await api(connection, f"STREAM.INFO.{ADVISORIES}"))["state"]
    js = connection.jetstream()
    reports: list[Advisory] = []
    for sequence in range(state["last_seq"], state["first_seq"] - 1, -1):
        if len(reports) == limit or not state["messages"]:
            break
        try:
            message = await js.get_msg(ADVISORIES, sequence)
        except NotFoundError:
            continue
        reports.append(await _report(js, sequence, json.loads(message.data or b"{}")))
    return reports


async def _report(js: JetStreamContext, sequence: int, detail: dict[str, Any]) -> Advisory:
    return Advisory(
        sequence=sequence,
        kind=str(detail.get("type", "")).rpartition(".")[2],
        time=str(detail.get("timestamp", "")),
        stream=str(detail.get("stream", "")),
        consumer=detail.get("consumer"),
        detail=detail,
        event=await _event(js, detail),
    )


async def _event(js: JetStreamContext, detail: dict[str, Any]) -> Envelope | None:
    if "stream_seq" not in detail:
        return None
    try:
        message = await js.get_msg(str(detail["stream"]), int(detail["stream_seq"]))
        return from_headers(message.headers)
    except (NotFoundError, EnvelopeError):
        return None
