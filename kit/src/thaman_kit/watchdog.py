"""Watches that a service's consumers exist, heals them, and tells the dead-letter stream what was parked."""

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError

from thaman_contracts.subjects import dead_letter_subject, durable_of, stream_of
from thaman_kit import bus_metrics
from thaman_kit.application import EventSourcedApplication
from thaman_kit.errors import BusError, NotProvisioned
from thaman_kit.inbox import is_outage, queries
from thaman_kit.nats import BusSettings, api
from thaman_kit.provisioning import dead_letter_stream, ensure_consumer, ensure_stream, event_consumer

logger = logging.getLogger(__name__)

_STALE_AFTER_ROUNDS = 4
_TUNED = ("ack_wait", "max_ack_pending", "max_deliver", "priority_policy", "priority_timeout")


class Watchdog:
    """One per process with consumers."""

    def __init__(
        self,
        app: EventSourcedApplication,
        consumer: str,
        feeds: Sequence[tuple[str, int]],
        settings: BusSettings,
    ) -> None:
        self._app = app
        self._consumer = consumer
        self._feeds = tuple(feeds)
        self._settings = settings
        self._sql = queries(app.name)
        self._trouble: str | None = "the consumers were not looked at yet"
        self._looked_at = time.monotonic()
        self._complete = asyncio.Event()
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look soon: something may have been parked."""
        self._wake.set()

    def check(self) -> None:
        """For readiness.

        Raises:
            BusError: what is missing, or that nothing was seen for too long.
        """
        if self._trouble is not None:
            raise BusError(self._trouble)
        silence = time.monotonic() - self._looked_at
        if silence > _STALE_AFTER_ROUNDS * self._settings.watch_every_s:
            raise BusError(f"NATS has not answered for {silence:.0f} s")

    async def wait_until_complete(self) -> bool:
        """Wait until all consumers exist."""
        return await self._complete.wait()

    async def run(self, connection: Client, stop: asyncio.Event) -> None:
        """Look every few seconds until ``stop`` is set."""
        while not stop.is_set():
            await self._round(connection)
            # An idle system looks at its pace; a busy one announces what it parked without delay.
            deadline = time.monotonic() + self._settings.watch_every_s
            while not stop.is_set() and (remaining := deadline - time.monotonic()) > 0:
                self._wake.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), remaining)
                    await self._announce_safely(connection)

    async def _round(self, connection: Client) -> None:
        try:
            for service, partition in self._feeds:
                await self._look(connection, service, partition)
            await self._announce_safely(connection)
            await self._count()
        except (NatsError, BusError, TimeoutError, OSError) as error:
            self._note(str(error) or f"NATS does not answer ({type(error).__name__})")
        except Exception as error:
            if not is_outage(error):
                raise
            self._note(f"the database does not answer: {error}")
        else:
            self._trouble = None
            self._looked_at = time.monotonic()
            self._complete.set()

    def _note(self, trouble: str) -> None:
        if trouble != self._trouble:
            logger.warning("%s is not ready: %s", self._consumer, trouble)
        self._trouble = trouble

    async def _look(self, connection: Client, service: str, partition: int) -> None:
        durable = durable_of(self._consumer, service, partition)
        try:
            info = await api(connection, f"CONSUMER.INFO.{stream_of(service)}.{durable}")
        except NotProvisioned:
            await self._heal(connection, service, partition)
            return
        await self._check_config(connection, service, partition, info["config"])
        bus_metrics.PENDING.labels(durable).set(info["num_pending"])
        bus_metrics.ACK_PENDING.labels(durable).set(info["num_ack_pending"])
        bus_metrics.REDELIVERED.labels(durable).set(info["num_redelivered"])
        if info["delivered"]["stream_seq"] > 0:
            await self._check_not_ahead(connection, service, partition, info)

    async def _check_config(self, connection: Client, service: str, partition: int, present: dict[str, Any]) -> None:
        wanted = event_consumer(self._consumer, service, partition, self._settings)
        wrong = [key for key in _TUNED if present.get(key) != wanted[key]]
        if not wrong:
            return
        if not self._settings.may_provision:
            raise BusError(f"consumer {wanted['name']} has another {', '.join(wrong)}; run `thaman migrate`")
        await ensure_consumer(connection, self._consumer, service, partition, self._settings)
        logger.warning("consumer %s had another %s", wanted["name"], ", ".join(wrong))

    async def _check_not_ahead(self, connection: Client, service: str, partition: int, info: dict[str, Any]) -> None:
        """A stream that was restored from an older copy is shorter than what its consumer remembers."""
        if info["num_pending"] > 0:
            return
        last = (await api(connection, f"STREAM.INFO.{stream_of(service)}"))["state"]["last_seq"]
        if info["delivered"]["stream_seq"] > last:
            durable = durable_of(self._consumer, service, partition)
            logger.warning("%s is ahead of its stream, making it anew", durable)
            await api(connection, f"CONSUMER.DELETE.{stream_of(service)}.{durable}")
            await self._heal(connection, service, partition)

    async def _heal(self, connection: Client, service: str, partition: int) -> None:
        durable = durable_of(self._consumer, service, partition)
        if not self._settings.may_provision:
            raise NotProvisioned(f"consumer {durable} does not exist; run `thaman migrate`")
        await ensure_stream(connection, service, self._settings)
        await ensure_consumer(connection, self._consumer, service, partition, self._settings)
        bus_metrics.HEALED.labels(self._consumer).inc()
        logger.info("made consumer %s", durable)

    async def _announce_safely(self, connection: Client) -> None:
        try:
            await self._announce(connection)
        except (NatsError, BusError, TimeoutError) as error:
            logger.warning("dead letters are kept but not announced yet: %s", error or type(error).__name__)

    async def _announce(self, connection: Client) -> None:
        """Copy every newly parked letter to the dead-letter stream, with its reason."""
        database = self._app.database
        letters = await asyncio.to_thread(database.fetch_all, self._sql["unannounced"])
        if letters and self._settings.may_provision:
            await _ensure_dead_letter_stream(connection, self._settings)
        for letter in letters:
            await _publish(connection, self._consumer, letter)
            await asyncio.to_thread(database.execute, self._sql["announced"], {"id": letter["id"]})

    async def _count(self) -> None:
        counts = await asyncio.to_thread(self._app.database.fetch_one, self._sql["open_counts"])
        assert counts is not None
        bus_metrics.DEAD_LETTERS_OPEN.labels(self._consumer).set(counts["letters"])
        bus_metrics.STORES_PARKED.labels(self._consumer).set(counts["stores"])


async def _publish(connection: Client, consumer: str, letter: dict[str, Any]) -> None:
    service = str(letter["upstream"]).partition(":")[0]
    original = {name: value for name, value in letter["headers"].items() if not name.lower().startswith("nats-")}
    # A header is one line; the whole reason is in the row.
    reason = " ".join(str(letter["reason"]).split())[:1000].encode("ascii", "backslashreplace").decode()
    headers = original | {
        "Nats-Msg-Id": f"{consumer}:{letter['upstream']}:{letter['position']}",
        "Thaman-Reason": reason,
        "Thaman-Subject": str(letter["subject"]),
        "Thaman-Attempts": str(letter["attempts"]),
    }
    subject = dead_letter_subject(consumer, service)
    answer = await connection.request(subject, bytes(letter["body"]), headers=headers, timeout=5)
    error = json.loads(answer.data).get("error")
    if error is not None:
        raise BusError(f"{subject}: {error['description']}")


async def _ensure_dead_letter_stream(connection: Client, settings: BusSettings) -> None:
    config = dead_letter_stream(settings.replicas)
    try:
        await api(connection, f"STREAM.INFO.{config['name']}")
    except NotProvisioned:
        await api(connection, f"STREAM.CREATE.{config['name']}", config)
