"""A service's consumers: FastStream pulls batches of each partition and the inbox makes each take effect once."""

import asyncio
import contextvars
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.security import NatsUserPassword
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from thaman_contracts.subjects import PARTITIONS, durable_of, partition_filter, stream_of
from thaman_kit import bus_metrics
from thaman_kit.application import EventSourcedApplication
from thaman_kit.errors import BusError
from thaman_kit.inbox import Delivery, Inbox, Verdict
from thaman_kit.nats import (
    BusSettings,
    connection_options,
    deliveries_of,
    disconnect,
    inbox_prefix,
    open_client,
    read_headers_fast,
)
from thaman_kit.pull import Pull
from thaman_kit.routing import Router
from thaman_kit.tasks import end
from thaman_kit.watchdog import Watchdog

__all__ = ["Consumers", "Router"]

logger = logging.getLogger(__name__)
_faststream_logger = logging.getLogger("thaman_kit.faststream")

T = TypeVar("T")

_COLLECT_S = 0.2
_GRACE_S = 8.0
_START_PAUSE_S = 1.0
_COMFORT_PAUSES = 3


class Consumers:
    """Everything one process of a service consumes. Any number of processes may run the same consumers."""

    def __init__(
        self,
        app: EventSourcedApplication,
        router: Router,
        *,
        consumer: str,
        upstreams: Sequence[str],
        settings: BusSettings,
        partitions: Iterable[int] = range(PARTITIONS),
        threads: int = 4,
    ) -> None:
        self._consumer = consumer
        self._settings = settings
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=f"{consumer}-inbox")
        self._feeds = [(service, partition) for service in upstreams for partition in partitions]
        self._inboxes = {
            (service, partition): Inbox(app, router, service, partition, settings.retry_delays_s)
            for service, partition in self._feeds
        }
        self._broker = self._make_broker()
        self._subscribers = {feed: self._subscribe(*feed) for feed in self._feeds}
        self._is_consuming = False
        self._watchdog = Watchdog(app, consumer, self._feeds, settings)

    @property
    def broker(self) -> NatsBroker:
        """FastStream's broker, e.g. for the AsyncAPI document."""
        return self._broker

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until ``stop`` is set; waits for NATS and for missing consumers instead of giving up."""
        watching: asyncio.Task[None] | None = None
        connection: Client | None = None
        try:
            connection = await _unless(stop, self._connect())
            if connection is None:
                return
            watching = asyncio.create_task(self._watchdog.run(connection, stop))
            if await _unless(stop, self._watchdog.wait_until_complete()) is None:
                return
            await _unless(stop, self._start())
            await stop.wait()
        finally:
            await self._stop(watching, connection)

    def check(self) -> None:
        """For readiness.

        Raises:
            BusError: the consumers are not all there, or NATS does not answer.
        """
        self._watchdog.check()
        if not self._is_consuming:
            raise BusError(f"{self._consumer} has not begun to consume yet")

    def _make_broker(self) -> NatsBroker:
        settings = self._settings
        security = NatsUserPassword(settings.user, settings.password or "") if settings.user else None
        # FastStream speaks of every message and task; our own lines say what matters.
        _faststream_logger.setLevel(logging.WARNING)
        return _Broker(
            **connection_options(settings, self._consumer),
            security=security,
            apply_types=False,
            ack_policy=AckPolicy.MANUAL,
            graceful_timeout=_GRACE_S,
            logger=_faststream_logger,
            log_level=logging.DEBUG,
        )

    def _subscribe(self, service: str, partition: int) -> Any:
        inbox = self._inboxes[service, partition]

        async def handle(messages: list[Msg]) -> None:
            await self._handle(inbox, messages)

        subscriber = self._broker.subscriber(
            partition_filter(service, partition),
            stream=JStream(stream_of(service), declare=False),
            durable=durable_of(self._consumer, service, partition),
            pull_sub=PullSub(batch=True, batch_size=self._settings.batch_size, timeout=_COLLECT_S),
            ack_policy=AckPolicy.MANUAL,
            decoder=_raw,
            inbox_prefix=f"{inbox_prefix(self._consumer)}.".encode(),
            title=durable_of(self._consumer, service, partition),
        )
        subscriber(handle)
        return subscriber

    async def _connect(self) -> Client:
        while True:
            try:
                return read_headers_fast(await self._broker.connect())
            except (NatsError, OSError, TimeoutError) as error:
                logger.warning("NATS cannot be reached: %s", error or type(error).__name__)
                await asyncio.sleep(_START_PAUSE_S * random.uniform(0.5, 1.5))  # noqa: S311 - jitter

    async def _start(self) -> None:
        for (service, partition), subscriber in self._subscribers.items():
            while not subscriber.running:
                try:
                    await subscriber.start()
                    # Its loop has not had a turn yet, so the library's own fetch is never used.
                    subscriber.subscription = Pull(
                        subscriber.subscription, self._settings.batch_size, self._settings.ack_wait_s
                    )
                except (NatsError, OSError, TimeoutError) as error:
                    logger.warning("cannot consume %s:%d yet: %s", service, partition, error or type(error).__name__)
                    await asyncio.sleep(_START_PAUSE_S)
        self._is_consuming = True
        logger.info("%s consumes %d feeds", self._consumer, len(self._feeds))

    async def _stop(self, watching: asyncio.Task[None] | None, connection: Client | None) -> None:
        if watching is not None:
            await end(watching)
        # Whoever was stopped in the moment in which it was connected has not been told so; the broker has.
        connection = connection or self._broker._connection
        # A connection that is being made anew cannot be drained, and there is nothing to drain.
        with suppress(NatsError):
            await self._broker.stop()
        if connection is not None:
            await disconnect(connection)
        self._executor.shutdown(wait=True, cancel_futures=True)

    async def _handle(self, inbox: Inbox, messages: list[Msg]) -> None:
        started = time.monotonic()
        deliveries = [_delivery(message) for message in messages]
        comfort = asyncio.create_task(self._comfort(messages))
        try:
            verdicts = await self._in_thread(inbox.take, deliveries)
        except Exception:
            # The inbox answers for everything it can foresee; what it cannot must not end in a hot loop.
            logger.exception("the inbox of %s failed", inbox.upstream)
            verdicts = [Verdict(_START_PAUSE_S)] * len(messages)
        finally:
            comfort.cancel()
        for message, verdict in zip(messages, verdicts, strict=True):
            await _tell(message, verdict)
        if any(verdict.is_kept for verdict in verdicts):
            self._watchdog.wake()
        bus_metrics.BATCH_SECONDS.labels(self._consumer).observe(time.monotonic() - started)

    async def _comfort(self, messages: list[Msg]) -> None:
        """Tell NATS that the batch is still being worked on."""
        while True:
            await asyncio.sleep(self._settings.ack_wait_s / _COMFORT_PAUSES)
            for message in messages:
                with suppress(NatsError):
                    await message.in_progress()

    async def _in_thread(self, function: Callable[[Sequence[Delivery]], T], deliveries: Sequence[Delivery]) -> T:
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, context.run, function, deliveries)


async def _raw(message: Any) -> list[Msg]:
    """The batch as it is; an undecodable body must reach the inbox, which knows what to do with it."""
    raw: list[Msg] = message.raw_message
    return raw


def _delivery(message: Msg) -> Delivery:
    return Delivery(message.subject, message.headers or {}, message.data, deliveries_of(message))


async def _tell(message: Msg, verdict: Verdict) -> None:
    # A lost answer costs a redelivery, which the inbox recognises.
    with suppress(NatsError):
        await (message.ack() if verdict.delay_s is None else message.nak(delay=verdict.delay_s))


class _Broker(NatsBroker):
    """FastStream's broker, with a connection that is closed also where connecting is cancelled half-way."""

    async def _connect(self) -> Client:
        connection = await open_client(**self._connection_kwargs)
        self.config.connect(connection)
        return connection


async def _unless(stop: asyncio.Event, work: Awaitable[T]) -> T | None:
    """The result of ``work``, or ``None`` when ``stop`` is set first."""
    task = asyncio.ensure_future(work)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        stopping.cancel()
        await end(task)
