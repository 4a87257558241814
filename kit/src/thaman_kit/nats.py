"""The connection to NATS, and its JSON API where the client library does not know a field yet."""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg

from thaman_kit.errors import BusError, NotProvisioned
from thaman_kit.settings import ServiceSettings
from thaman_kit.tasks import end

logger = logging.getLogger(__name__)

API_TIMEOUT_S = 5.0
_NOT_FOUND = 404
_REPEAT_AFTER_S = 30.0
_SHORT_REPLY = 9
"""Parts of an acknowledgement's address; newer servers put domain and account before stream and consumer."""


@dataclass(frozen=True, slots=True)
class BusSettings:
    """How a process reaches NATS and what it may do there.

    ``may_provision`` lets relay and watchdog create missing streams and consumers themselves; where the role at NATS
    forbids that, set it to ``False`` and run ``provision`` as a job. ``ack_wait_s`` is how long NATS waits for a
    consumer that went away before it delivers again.
    """

    servers: tuple[str, ...] = ("nats://127.0.0.1:4222",)
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    replicas: int = 1
    may_provision: bool = True
    ack_wait_s: float = 30.0
    batch_size: int = 250
    retry_delays_s: tuple[float, ...] = (0.2, 1.0, 5.0, 15.0)
    watch_every_s: float = 5.0

    @classmethod
    def of(cls, settings: ServiceSettings, **changes: Any) -> "BusSettings":
        """As a service's settings say, with ``changes``."""
        known: dict[str, Any] = {
            "servers": tuple(settings.nats_servers),
            "user": settings.nats_user,
            "password": settings.nats_password.get_secret_value() if settings.nats_password else None,
            "replicas": settings.nats_replicas,
            "may_provision": settings.nats_provision,
            "ack_wait_s": settings.consumer_ack_wait,
            "retry_delays_s": settings.consumer_retry_delays,
        }
        return cls(**(known | changes))


def inbox_prefix(name: str) -> str:
    """The reply subjects of one user, so that permissions can name them."""
    return f"_INBOX.{name}"


def connection_options(settings: BusSettings, name: str) -> dict[str, Any]:
    """Options, credentials apart, of a connection that never gives up and never hides an error."""
    return {
        "servers": list(settings.servers),
        "name": name,
        # A client that gives up closes for good, and FastStream's pull loop then freezes the process.
        "max_reconnect_attempts": -1,
        "reconnect_time_wait": 0.5,
        "connect_timeout": 5,
        "ping_interval": 10,
        "max_outstanding_pings": 2,
        "inbox_prefix": inbox_prefix(name).encode(),
        "error_cb": _ErrorLog(name).note,
        "disconnected_cb": _log_disconnect,
        "reconnected_cb": _log_reconnect,
    }


async def connect(settings: BusSettings, name: str) -> Client:
    """Connect, however long it takes; the caller bounds it with a timeout where it must not wait."""
    return await open_client(**connection_options(settings, name), user=settings.user, password=settings.password)


async def open_client(**options: Any) -> Client:
    """A connected client; nothing stays open where connecting fails or is cancelled half-way."""
    connection = Client()
    try:
        await connection.connect(**options)
    except BaseException:
        await disconnect(connection)
        raise
    return connection


async def disconnect(connection: Client) -> None:
    """Close a connection for good, also one that is just being made anew.

    Closing cancels the client's attempt to reconnect; where it succeeds in that very moment, Python 3.11 swallows the
    cancellation (:func:`thaman_kit.tasks.end` says why), and a connection that nobody knows of would stay open.
    """
    while (attempt := connection._reconnection_task) is not None and not attempt.done():
        await end(attempt)
    await connection.close()


def read_headers_fast(connection: Client) -> Client:
    """Let the client read plain header blocks at a fraction of its own cost, which is most of an ignored message's."""
    thorough = connection._parse_header_lines

    def parse(raw: bytes) -> dict[str, str]:
        headers = plain_headers(raw)
        return thorough(raw) if headers is None else headers

    connection.__dict__["_parse_header_lines"] = parse
    return connection


def plain_headers(raw: bytes) -> dict[str, str] | None:
    """The headers of a block of ``Name: value`` lines in ASCII; ``None`` where one needs a closer look."""
    if not raw.isascii():
        return None
    headers = {}
    for line in raw.decode("ascii").split("\r\n"):
        name, colon, value = line.partition(": ")
        if colon and _is_plain(name):
            headers[name] = value.strip()
        elif line:
            return None
    return headers


@lru_cache(maxsize=256)
def _is_plain(name: str) -> bool:
    return name.isidentifier() or name.replace("-", "").isalnum()


def deliveries_of(message: Msg) -> int:
    """How often the message was delivered so far, this time included.

    Raises:
        nats.errors.NotJSMessageError: the message came from no consumer.
    """
    parts = Msg.Metadata._get_metadata_fields(message.reply)
    return int(parts[4] if len(parts) == _SHORT_REPLY else parts[Msg.Ack.NumDelivered])


def require_connection(connection: Client) -> None:
    """For work that makes no sense later: a request made now would wait in a buffer and be sent after a reconnect.

    Raises:
        BusError: there is no connection at the moment.
    """
    if not connection.is_connected:
        raise BusError("there is no connection to NATS at the moment")


async def api(connection: Client, subject: str, request: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One call of JetStream's JSON API, without the ``$JS.API.`` in front.

    Raises:
        NotProvisioned: the stream, consumer or message does not exist.
        BusError: any other refusal, with the server's code and words.
    """
    require_connection(connection)
    payload = json.dumps(request).encode() if request is not None else b""
    answer = await connection.request(f"$JS.API.{subject}", payload, timeout=API_TIMEOUT_S)
    document: dict[str, Any] = json.loads(answer.data)
    error = document.get("error")
    if error is None:
        return document
    text = f"{subject}: {error.get('description')} (code {error.get('err_code', error['code'])})"
    raise (NotProvisioned if error["code"] == _NOT_FOUND else BusError)(text)


class _ErrorLog:
    """Logs what NATS reports; the same words again only after a while."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last = ""
        self._silent_until = 0.0

    async def note(self, error: Exception) -> None:
        """Log one report."""
        # A forbidden publish looks like a timeout to its caller; the reason is told only here.
        text = str(error) or type(error).__name__
        if text == self._last and time.monotonic() < self._silent_until:
            return
        self._last, self._silent_until = text, time.monotonic() + _REPEAT_AFTER_S
        logger.warning("NATS reports to %s: %s", self._name, text)


async def _log_disconnect() -> None:
    logger.info("the connection to NATS ended")


async def _log_reconnect() -> None:
    logger.info("connected to NATS again")
