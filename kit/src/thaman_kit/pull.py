"""A pull subscription that answers at once when there is something, and waits quietly when there is not.

It replaces the client library's ``fetch`` inside FastStream's loop. That one waits out its whole timeout for a batch
that is not full, so every message would be late by the timeout; when the consumer is gone it turns the loop into
thousands of requests a second; and it knows nothing of pinned clients, of which the server feeds one at a time.
"""

import asyncio
import json
import logging
import time
from contextlib import suppress

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeout
from nats.js import JetStreamContext

from thaman_kit.errors import BusError
from thaman_kit.nats import api
from thaman_kit.provisioning import PRIORITY_GROUP

logger = logging.getLogger(__name__)

_LINGER_S = 5.0
_TROUBLE_PAUSE_S = 1.0
_BURST_S = 0.002
_BUSY_S = 0.5
_LONGEST_BURST_S = 0.2
_NANOSECONDS = 1_000_000_000
_EXPECTED = ("404", "408")
_WRONG_PIN = "423"
_PIN = "Nats-Pin-Id"


class Pull(JetStreamContext.PullSubscription):
    """Takes over the subscription that FastStream made; only the way of fetching differs."""

    def __init__(self, original: JetStreamContext.PullSubscription, batch_size: int, ack_wait_s: float) -> None:
        super().__init__(
            original._js, original._sub, original._stream, str(original._consumer), original._deliver.encode()
        )
        self._nms = original._nms
        self._deliver = original._deliver
        self._batch_size = batch_size
        self._asked = 0
        self._asked_until = 0.0
        self._fetched_at = -_BUSY_S
        self._patience_s = _BURST_S
        # The pin lasts as long as the acknowledgement time and is renewed by asking.
        self._linger_s = min(_LINGER_S, ack_wait_s / 3)
        self._pin: str | None = None

    async def fetch(
        self,
        batch: int = 1,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        heartbeat: float | None = None,
    ) -> list[Msg]:
        """What is there, at most a batch; waits some seconds for a first message.

        Raises:
            nats.errors.TimeoutError: nothing came, or the caller wants to fill up a batch that it has already.
        """
        if batch < self._batch_size:
            raise NatsTimeout
        try:
            await self._ask()
            first = await self._next()
        except NatsTimeout:
            raise
        except (NatsError, OSError) as error:
            # The connection is being made again; whatever was asked for is forgotten by the server.
            logger.debug("cannot fetch from %s: %s", self._consumer, error)
            self._asked = 0
            await asyncio.sleep(_TROUBLE_PAUSE_S)
            raise NatsTimeout from error
        messages = [first, *self._drain(batch - 1)]
        if len(messages) < batch and self._asked > len(messages):
            # A burst arrives in several reads of the socket; one transaction for all of it is worth the wait.
            await asyncio.sleep(self._patience())
            messages += self._drain(batch - len(messages))
        self._asked -= len(messages)
        self._fetched_at = time.monotonic()
        return messages

    async def unsubscribe(self) -> None:
        """Give back what was delivered and will not be handled any more, so that nobody waits for it."""
        # The connection may be gone already; then NATS delivers again after the acknowledgement time.
        with suppress(NatsError, TimeoutError):
            arrived = self._drain(self._batch_size)
            # First of all nobody listens here any more: what is given back would be sent to us again at once.
            await super().unsubscribe()
            for message in arrived:
                await message.nak()
            await self._unpin()

    def _patience(self) -> float:
        """How long to wait for the rest of a burst: ever longer while one batch, each a transaction, chases another."""
        is_busy = time.monotonic() - self._fetched_at < _BUSY_S
        self._patience_s = min(3 * self._patience_s, _LONGEST_BURST_S) if is_busy else _BURST_S
        return self._patience_s

    async def _ask(self) -> None:
        if self._asked > 0 and time.monotonic() < self._asked_until:
            return
        request: dict[str, str | int] = {
            "batch": self._batch_size,
            "expires": int(self._linger_s * _NANOSECONDS),
            "group": PRIORITY_GROUP,
        }
        if self._pin is not None:
            request["id"] = self._pin
        await self._nc.publish(self._nms, json.dumps(request).encode(), self._deliver)
        self._asked = self._batch_size
        self._asked_until = time.monotonic() + self._linger_s

    async def _next(self) -> Msg:
        remaining = max(self._asked_until - time.monotonic(), 0.0) + 0.5
        message = await self._sub.next_msg(timeout=remaining)
        headers = message.headers or {}
        status = headers.get("Status")
        if status is None:
            self._pin = headers.get(_PIN, self._pin)
            return message
        self._asked = 0
        if status == _WRONG_PIN:
            self._pin = None
        elif status not in _EXPECTED:
            description = headers.get("Description", "")
            logger.warning("cannot fetch from %s: %s %s", self._consumer, status, description)
            await asyncio.sleep(_TROUBLE_PAUSE_S)
        raise NatsTimeout

    def _drain(self, limit: int) -> list[Msg]:
        messages: list[Msg] = []
        while len(messages) < limit and (message := self._at_hand()) is not None:
            messages.append(message)
        return messages

    def _at_hand(self) -> Msg | None:
        """The next message that has arrived already; status messages are noted and left out."""
        queue = self._sub._pending_queue
        while not queue.empty():
            message = queue.get_nowait()
            self._sub._pending_size -= len(message.data)
            headers = message.headers or {}
            if "Status" not in headers:
                self._pin = headers.get(_PIN, self._pin)
                return message
            self._asked = 0
        return None

    async def _unpin(self) -> None:
        """Let another replica take over at once."""
        if self._pin is None:
            return
        with suppress(BusError):
            await api(self._nc, f"CONSUMER.UNPIN.{self._stream}.{self._consumer}", {"group": PRIORITY_GROUP})
