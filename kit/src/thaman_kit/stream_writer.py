"""Writes a service's log to its stream: finds the place to go on, publishes in atomic batches, fenced by the stream.

The stream itself remembers how far the log was published, so there is no position table that could disagree with it.
"""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from eventsourcing.persistence import Notification, ProcessRecorder
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from thaman_contracts.envelope import Envelope, EnvelopeError, from_headers
from thaman_contracts.subjects import PARTITIONS, partition_of
from thaman_kit import bus_metrics
from thaman_kit.application import EventSourcedApplication
from thaman_kit.database import load_queries
from thaman_kit.domain import DomainEvent
from thaman_kit.errors import BusError, LogMismatch, StreamMoved, Unpublishable
from thaman_kit.nats import api, require_connection
from thaman_kit.outlets import Outlet
from thaman_kit.publication import Message, Publication

logger = logging.getLogger(__name__)

PAGE = 500
_BATCH_BYTES = 4_000_000
_TIMEOUT_S = 10.0
_LONGEST_WALK = 1_000
_ANOTHER_WAS_FASTER = (10071, 10201)
"""Wrong last sequence; a batch holds an id that the stream has already."""


@dataclass(slots=True)
class Place:
    """How far the log is published: position and id of the last event, the stream's sequence, and the last place of
    each partition."""

    position: int = 0
    event_id: str | None = None
    sequence: int = 0
    last_of: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of the log made ready: its messages, what cannot be published, and the place after it."""

    messages: tuple[Message, ...]
    refused: tuple[tuple[Notification, str], ...]
    position: int
    is_full: bool


class StreamWriter:
    """Any number may exist; the stream lets only the one through that knows its last sequence.

    ``locate`` and ``publish`` belong to the event loop; ``read`` blocks and belongs to a thread.
    """

    def __init__(
        self,
        app: EventSourcedApplication,
        publication: Publication,
        connection: Client,
        page_size: int = PAGE,
        outlet: Outlet | None = None,
    ) -> None:
        self._app = app
        self._publication = publication
        self._connection = connection
        self._js: JetStreamContext = connection.jetstream(timeout=_TIMEOUT_S)
        self._service = publication.service
        self._outlet = outlet or Outlet(publication.service)
        self._stream = self._outlet.stream
        self._page_size = page_size

    async def locate(self) -> tuple[Place, bool]:
        """Where to go on, and whether the log must be asked for places that were pruned from the stream.

        Raises:
            NotProvisioned: there is no stream.
            StreamMoved: somebody wrote to the stream while it was read.
        """
        state = (await api(self._connection, f"STREAM.INFO.{self._stream}"))["state"]
        place = Place(sequence=state["last_seq"])
        if state["messages"] == 0:
            return place, False
        for partition in range(PARTITIONS):
            found = await self._last_of(partition, state["first_seq"])
            if found is None:
                continue
            sequence, envelope = found
            if sequence > place.sequence:
                raise StreamMoved(f"{self._stream} grew from {place.sequence} to {sequence} while it was read")
            place.last_of[partition] = envelope.position
            if envelope.position > place.position:
                place.position, place.event_id = envelope.position, envelope.event_id
        was_pruned = state["first_seq"] > 1 or state.get("num_deleted", 0) > 0
        return place, was_pruned and len(place.last_of) < PARTITIONS

    async def confirm(self, place: Place) -> None:
        """Make sure that the stream still ends where it was left.

        Raises:
            NotProvisioned: there is no stream any more.
            StreamMoved: it was lost and made anew, or somebody else wrote to it.
        """
        state = (await api(self._connection, f"STREAM.INFO.{self._stream}"))["state"]
        if state["last_seq"] != place.sequence:
            raise StreamMoved(f"{self._stream} ends at {state['last_seq']}, {place.sequence} was expected")

    def read(self, place: Place) -> Page:
        """The next stretch of the log after ``place``.

        Raises:
            UnknownTopic: the log holds an event that this release does not know; a newer relay has to publish it.
        """
        notifications = self._notifications(place.position, self._page_size)
        last_of = dict(place.last_of)
        messages: list[Message] = []
        refused: list[tuple[Notification, str]] = []
        for notification in notifications:
            try:
                message = self._message(notification, last_of)
            except Unpublishable as error:
                refused.append((notification, str(error)))
                continue
            if message is not None and self._outlet.wants(message.envelope):
                messages.append(message)
                last_of[partition_of(message.envelope.store_id)] = message.envelope.position
        position = notifications[-1].id if notifications else place.position
        return Page(tuple(messages), tuple(refused), position, len(notifications) == self._page_size)

    def verify(self, place: Place) -> None:
        """Make sure that the log has at ``place`` what the stream says.

        Raises:
            LogMismatch: it has not.
        """
        if not place.position:
            return
        found = self._notifications(place.position - 1, 1)
        event_ids = [f"{n.originator_id}:{n.originator_version}" for n in found if n.id == place.position]
        if event_ids != [place.event_id]:
            raise LogMismatch(
                f"stream {self._stream} has event {place.event_id} at place {place.position}, but the log has"
                f" {event_ids[0] if event_ids else 'nothing'} there; was the database restored from a backup?"
                " Nothing is published until stream and log agree again."
            )

    def fill_in(self, place: Place) -> None:
        """Learn the last places of partitions that the stream was pruned of, from the log."""
        missing = set(range(PARTITIONS)) - set(place.last_of)
        walk = Place()
        while walk.position < place.position:
            page = self.read(walk)
            for message in page.messages:
                partition = partition_of(message.envelope.store_id)
                if partition in missing and message.envelope.position <= place.position:
                    place.last_of[partition] = message.envelope.position
            walk.position = page.position

    def keep_refused(self, page: Page) -> None:
        """Record what cannot be published, once, as dead letters of the relay."""
        for notification, reason in page.refused:
            event = self._event(notification)
            sql = load_queries("thaman_kit", "sql/dead_letters.sql")["add_letter"]
            letter = {
                "upstream": f"relay:{self._service}",
                "position": notification.id,
                "store_id": event.store_id,
                "event_id": event.event_id,
                "event_type": event.topic,
                "subject": "",
                "headers": json.dumps({}),
                "body": notification.state,
                "state": "parked",
                "reason": reason,
                "attempts": 1,
            }
            self._app.database.execute(sql, letter)
            bus_metrics.RELAY_SKIPPED.labels(self._service).inc()
            logger.error("event at place %d is not published: %s", notification.id, reason)

    async def publish(self, place: Place, page: Page) -> None:
        """Publish a page and move ``place`` on, batch by batch.

        Raises:
            StreamMoved: another relay was faster; nothing of the batch is stored.
            BusError: the server refused.
            TimeoutError: nobody knows; locate again.
        """
        for batch in _batches(page.messages):
            sequence = await self._publish_batch(batch, place.sequence)
            if sequence != place.sequence + len(batch):
                raise StreamMoved(f"{self._stream} is at {sequence} after {place.sequence} and {len(batch)} more")
            place.sequence = sequence
            place.position = batch[-1].envelope.position
            for message in batch:
                place.last_of[partition_of(message.envelope.store_id)] = message.envelope.position
            bus_metrics.RELAY_PUBLISHED.labels(self._service).inc(len(batch))
        place.position = page.position

    def highest_position(self) -> int:
        """The end of the log."""
        recorder = self._app.recorder
        assert isinstance(recorder, ProcessRecorder)
        return recorder.max_notification_id() or 0

    async def _publish_batch(self, batch: Sequence[Message], last_sequence: int) -> int:
        require_connection(self._connection)
        batch_id = uuid4().hex
        answer: Msg | None = None
        for number, message in enumerate(batch, 1):
            subject = self._outlet.subject_of(message)
            headers = message.headers | ({"Nats-Expected-Last-Sequence": str(last_sequence)} if number == 1 else {})
            if len(batch) > 1:
                headers |= {"Nats-Batch-Id": batch_id, "Nats-Batch-Sequence": str(number)}
                headers |= {"Nats-Batch-Commit": "1"} if number == len(batch) else {}
            if number not in (1, len(batch)):
                await self._connection.publish(subject, message.body, headers=headers)
                continue
            answer = await self._connection.request(subject, message.body, headers=headers, timeout=_TIMEOUT_S)
            _check(answer)
        assert answer is not None
        return int(json.loads(answer.data)["seq"])

    async def _last_of(self, partition: int, first_sequence: int) -> tuple[int, Envelope] | None:
        """The partition's last message of ours, asked of the stream's leader."""
        pattern = self._outlet.filter_of(partition)
        try:
            raw = await self._js.get_last_msg(self._stream, pattern)
        except NotFoundError:
            return None
        sequence = raw.seq or 0
        for _ in range(_LONGEST_WALK):
            try:
                return sequence, from_headers(raw.headers)
            except EnvelopeError as error:
                logger.error("message %d of %s is not ours (%s), looking before it", sequence, self._stream, error)
            before = await self._before(pattern, sequence, first_sequence)
            if before is None:
                return None
            sequence, raw = before
        raise BusError(f"{_LONGEST_WALK} messages in a row at the end of {self._stream} are not ours; remove them")

    async def _before(self, pattern: str, sequence: int, first: int) -> tuple[int, Any] | None:
        prefix = pattern.removesuffix(">")
        for candidate in range(sequence - 1, max(first, sequence - _LONGEST_WALK) - 1, -1):
            try:
                raw = await self._js.get_msg(self._stream, candidate)
            except NotFoundError:
                continue
            if (raw.subject or "").startswith(prefix):
                return candidate, raw
        return None

    def _notifications(self, after: int, limit: int) -> Sequence[Notification]:
        recorder = self._app.recorder
        assert isinstance(recorder, ProcessRecorder)
        return recorder.select_notifications(after, limit, inclusive_of_start=False)

    def _event(self, notification: Notification) -> DomainEvent:
        event = self._app.mapper.to_domain_event(notification)
        assert isinstance(event, DomainEvent)
        return event

    def _message(self, notification: Notification, last_of: dict[int, int]) -> Message | None:
        return self._publication.message_of_row(
            notification, notification.id, lambda store_id: last_of.get(partition_of(store_id), 0)
        )


def _batches(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    """Cut by bytes too: an open batch is held in the server's memory."""
    batch: list[Message] = []
    size = 0
    for message in messages:
        if batch and size + len(message.body) > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += len(message.body)
    if batch:
        yield batch


def _check(answer: Msg) -> None:
    document: dict[str, Any] = json.loads(answer.data) if answer.data else {}
    status = (answer.headers or {}).get("Status")
    if status is not None:
        raise BusError(f"nobody listens for the event stream (status {status})")
    error = document.get("error")
    if error is None:
        return
    text = f"{error.get('description')} (code {error.get('err_code')})"
    raise (StreamMoved if error.get("err_code") in _ANOTHER_WAS_FASTER else BusError)(text)
