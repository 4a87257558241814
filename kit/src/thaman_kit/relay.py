"""The relay of a service: the event log is the outbox, and this is what empties it into the stream, for ever."""

import asyncio
import logging
import random
import time

import psycopg
from nats.aio.client import Client
from nats.errors import Error as NatsError
from psycopg import sql
from psycopg.conninfo import make_conninfo

from thaman_kit import bus_metrics
from thaman_kit.application import EventSourcedApplication
from thaman_kit.errors import BusError, NotProvisioned, StreamMoved, UnknownTopic
from thaman_kit.inbox import is_outage
from thaman_kit.nats import BusSettings, connect, disconnect
from thaman_kit.provisioning import ensure_stream
from thaman_kit.publication import Publication
from thaman_kit.stream_writer import PAGE, Place, StreamWriter
from thaman_kit.tasks import end

logger = logging.getLogger(__name__)

_POLL_S = 1.0
_LEADER_RETRY_S = 2.0
_LONGEST_BACKOFF_S = 15.0
_STALE_AFTER_S = 30.0
_CONFIRM_EVERY_S = 5.0
_BUSY_S = 0.5
_BURST_S = 0.08
_EXPECTED = (NatsError, BusError, UnknownTopic, OSError, TimeoutError)

# A half-open connection must not keep a dead leader's lock for hours.
_KEEPALIVE = {"keepalives": "1", "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3"}


class Relay:
    """One process per service publishes; others stand by. Errors never end it, ``stop`` does."""

    def __init__(
        self,
        app: EventSourcedApplication,
        publication: Publication,
        settings: BusSettings,
        *,
        database_url: str,
        page_size: int = PAGE,
    ) -> None:
        if publication.service != app.name:
            raise ValueError(f"the publication of {publication.service} cannot serve the log of {app.name}")
        self._app = app
        self._publication = publication
        self._settings = settings
        self._url = database_url
        self._page_size = page_size
        self._service = publication.service
        self._failures = 0
        self._trouble: str | None = None
        self._looked_at = time.monotonic()
        self._confirmed_at = time.monotonic()
        self._published_at = -_BUSY_S

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until ``stop`` is set."""
        working = asyncio.create_task(self._work_for_ever())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
        finally:
            stopping.cancel()
            await end(working)
            bus_metrics.RELAY_LEADER.labels(self._service).set(0)

    def check(self) -> None:
        """For readiness; a relay that stands by is ready.

        Raises:
            BusError: the last pass failed, or there was none for too long.
        """
        if self._trouble is not None:
            raise BusError(self._trouble)
        silence = time.monotonic() - self._looked_at
        if silence > _STALE_AFTER_S:
            raise BusError(f"the relay has not looked for {silence:.0f} s")

    async def _work_for_ever(self) -> None:
        connection: Client | None = None
        try:
            while True:
                try:
                    connection = connection or await connect(self._settings, f"{self._service}-relay")
                    await self._lead(connection)
                except Exception as error:
                    if not isinstance(error, _EXPECTED) and not is_outage(error):
                        logger.exception("the relay of %s met something unforeseen", self._service)
                    await self._recover(error)
        finally:
            if connection is not None:
                await disconnect(connection)

    async def _lead(self, connection: Client) -> None:
        """Become the leader, then publish until something goes wrong.

        The lock only spares the others the work; what keeps two relays apart is the stream's sequence.
        """
        address = make_conninfo(self._url, **_KEEPALIVE)
        async with await psycopg.AsyncConnection.connect(address, autocommit=True) as postgres:
            await self._wait_for_leadership(postgres)
            bus_metrics.RELAY_LEADER.labels(self._service).set(1)
            logger.info("this process relays the events of %s", self._service)
            try:
                await postgres.execute(sql.SQL("LISTEN {}").format(sql.Identifier(f"{self._service}_events")))
                writer = StreamWriter(self._app, self._publication, connection, self._page_size)
                place = await self._locate(writer, connection)
                while True:
                    if not await self._pass(writer, place):
                        await self._confirm(writer, place)
                        await self._listen(postgres)
            finally:
                bus_metrics.RELAY_LEADER.labels(self._service).set(0)

    async def _listen(self, postgres: psycopg.AsyncConnection) -> None:
        """Wait for news, and while one page chases the other, a moment longer so that the next one is worth it."""
        has_news = False
        async for _ in postgres.notifies(timeout=_POLL_S, stop_after=1):
            has_news = True
        if has_news and time.monotonic() - self._published_at < _BUSY_S:
            await asyncio.sleep(_BURST_S)

    async def _wait_for_leadership(self, postgres: psycopg.AsyncConnection) -> None:
        question = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
        while True:
            row = await (await postgres.execute(question, (f"thaman-relay:{self._service}",))).fetchone()
            if row is not None and row[0]:
                return
            self._succeeded()
            await asyncio.sleep(_LEADER_RETRY_S)

    async def _locate(self, writer: StreamWriter, connection: Client) -> Place:
        try:
            place, is_incomplete = await writer.locate()
        except NotProvisioned:
            if not self._settings.may_provision:
                raise
            await ensure_stream(connection, self._service, self._settings)
            place, is_incomplete = await writer.locate()
        await asyncio.to_thread(writer.verify, place)
        if is_incomplete:
            await asyncio.to_thread(writer.fill_in, place)
        logger.info("relay of %s goes on after place %d", self._service, place.position)
        return place

    async def _confirm(self, writer: StreamWriter, place: Place) -> None:
        """An idle relay asks now and then whether its stream is still there, because publishing does not tell it."""
        if time.monotonic() - self._confirmed_at >= _CONFIRM_EVERY_S:
            await writer.confirm(place)
            self._confirmed_at = time.monotonic()

    async def _pass(self, writer: StreamWriter, place: Place) -> bool:
        """Publish one page; returns whether more is waiting already."""
        page = await asyncio.to_thread(writer.read, place)
        if page.refused:
            await asyncio.to_thread(writer.keep_refused, page)
        await writer.publish(place, page)
        if page.messages:
            self._published_at = time.monotonic()
        lag = 0 if not page.is_full else await asyncio.to_thread(writer.highest_position) - place.position
        bus_metrics.RELAY_LAG.labels(self._service).set(max(lag, 0))
        self._succeeded()
        return page.is_full

    def _succeeded(self) -> None:
        self._failures = 0
        self._trouble = None
        self._looked_at = time.monotonic()
        bus_metrics.RELAY_LAST_SUCCESS.labels(self._service).set_to_current_time()

    async def _recover(self, error: Exception) -> None:
        self._failures += 1
        bus_metrics.RELAY_FAILURES.labels(self._service).inc()
        self._trouble = f"the relay of {self._service} waits: {error or type(error).__name__}"
        logger.warning("%s", self._trouble)
        longest = min(0.1 * 2.0 ** min(self._failures, 8), _LONGEST_BACKOFF_S)
        if isinstance(error, StreamMoved) and self._failures == 1:
            longest = 0.1
        await asyncio.sleep(longest * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
