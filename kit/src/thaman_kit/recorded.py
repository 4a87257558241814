"""What a service took in, read from the logs: its own events, and of another service's messages those that took effect.

A read model is made of a prefix of its service's log and of what its inbox has taken of each upstream. Both are known
to the place: the end of the log, and the tracking rows with the dead letters beside them. Feeds read up to such marks,
and go on from there when they are asked again with later ones.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from eventsourcing.persistence import Notification
from psycopg import Connection, sql

from thaman_contracts.events import model_of
from thaman_contracts.subjects import PARTITIONS, partition_of, upstream_of
from thaman_kit.application import EventSourcedApplication
from thaman_kit.domain import DomainEvent
from thaman_kit.errors import Unpublishable
from thaman_kit.publication import Message, Publication
from thaman_kit.restoring import Told

PAGE = 1_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A stretch of a feed: its items in order, the stores that they are of, and how many rows were read for it."""

    items: Sequence[T]
    stores: frozenset[str]
    read: int


class Feed(Protocol[T]):
    """A history that is read up to a mark, and later from there to the next one."""

    def size(self, connection: Connection[Any]) -> int:
        """About how many rows there are to read."""

    def mark(self, connection: Connection[Any]) -> Any:
        """Up to where live tables have taken it in, in one statement of ``connection``."""

    def pages(self, mark: Any) -> Iterator[Page[T]]:
        """What lies between the last mark and this one."""


class OwnLog:
    """A service's own events; each took effect in the transaction that stored it."""

    def __init__(self, application: EventSourcedApplication, topics: Collection[str] = ()) -> None:
        self._application = application
        self._topics = tuple(topics)
        self._read = 0

    def size(self, connection: Connection[Any]) -> int:
        """As :class:`Feed`; places, which may have gaps."""
        return self.mark(connection) - self._read

    def mark(self, connection: Connection[Any]) -> int:
        """The end of the log."""
        return _end(connection, self._application.name)

    def pages(self, mark: int) -> Iterator[Page[DomainEvent]]:
        """The events up to the mark.

        Raises:
            UnknownTopic: an event is newer than this release.
        """
        for rows in _rows(self._application, self._read, mark, self._topics):
            events = [_event(self._application, row) for row in rows]
            yield Page(events, frozenset(event.store_id for event in events), len(rows))
        self._read = max(self._read, mark)


@dataclass(frozen=True, slots=True)
class Taken:
    """What an inbox has taken of one service: the place by partition, and the letters that had no effect, by whether
    they still wait."""

    places: Mapping[int, int]
    waiting: frozenset[tuple[int, int]]
    dropped: frozenset[tuple[int, int]]


@dataclass
class UpstreamLog:
    """The messages of ``upstream`` that the inbox of ``consumer`` let take effect, in the order of their log."""

    consumer: str
    upstream: EventSourcedApplication
    publication: Publication
    topics: Collection[str] = ()
    _read: int = field(default=0, init=False)
    _later: dict[int, int] = field(default_factory=dict, init=False)
    """Partitions by place of messages that were read and are not in yet; they are read again when they are."""

    def size(self, connection: Connection[Any]) -> int:
        """As :class:`Feed`; places, which may have gaps."""
        return max(0, _end(connection, self.upstream.name) - self._read)

    def mark(self, connection: Connection[Any]) -> Taken:
        """What was taken at this moment."""
        service = self.upstream.name
        names = {
            "tracking": sql.Identifier(self.consumer, f"{self.consumer}_tracking"),
            "letters": sql.Identifier(self.consumer, "dead_letters"),
        }
        # One statement is one moment: a message that is parked moves the place and becomes a letter at once.
        row = connection.execute(sql.SQL(_TAKEN).format(**names), {"like": f"{service}:%"}).fetchone()
        assert row is not None, "a SELECT without FROM has one row"
        places, letters = row
        numbered = {upstream: partition for partition, upstream in _partitions(service)}
        found = [(numbered[upstream], place, state) for upstream, place, state in letters if upstream in numbered]
        return Taken(
            {numbered[upstream]: place for upstream, place in places.items() if upstream in numbered},
            frozenset((partition, place) for partition, place, state in found if state != "dropped"),
            frozenset((partition, place) for partition, place, state in found if state == "dropped"),
        )

    def pages(self, mark: Taken) -> Iterator[Page[Told]]:
        """The messages that took effect up to the mark.

        Raises:
            UnknownTopic: an event is newer than this release.
        """
        yield from self._again(mark)
        end = max(mark.places.values(), default=0)
        for rows in _rows(self.upstream, self._read, end, tuple(self.topics)):
            yield self._page([one for row in rows if (one := self._message(row))], mark, len(rows))
        self._read = max(self._read, end)

    def _again(self, mark: Taken) -> Iterator[Page[Told]]:
        ready = sorted(place for place, partition in self._later.items() if _is_in((partition, place), mark))
        while ready:
            rows = self.upstream.recorder.select_notifications(
                ready[0], PAGE, stop=ready[-1], topics=tuple(self.topics), inclusive_of_start=True
            )
            wanted = set(ready)
            found = [row for row in rows if row.id in wanted]
            yield self._page([one for row in found if (one := self._message(row))], mark, 0)
            for row in found:
                del self._later[row.id]
            ready = ready[bisect_right(ready, rows[-1].id) :]

    def _page(self, messages: Sequence[Message], mark: Taken, read: int) -> Page[Told]:
        told: list[Told] = []
        for message in messages:
            envelope = message.envelope
            place = partition_of(envelope.store_id), envelope.position
            if not _is_in(place, mark):
                self._later[place[1]] = place[0]
            elif place not in mark.dropped:
                told.append((envelope, model_of(envelope.type).model_validate_json(message.body)))
        return Page(told, frozenset(envelope.store_id for envelope, _ in told), read)

    def _message(self, row: Notification) -> Message | None:
        try:
            return self.publication.message_of_row(row, row.id, lambda _: 0)
        except Unpublishable:  # the relay could not, either, and has it among its dead letters
            return None


def _is_in(place: tuple[int, int], mark: Taken) -> bool:
    """Whether a message, by partition and place, was taken in and is no letter that waits."""
    return place[1] <= mark.places.get(place[0], 0) and place not in mark.waiting


def _partitions(service: str) -> Iterator[tuple[int, str]]:
    return ((partition, upstream_of(service, partition)) for partition in range(PARTITIONS))


_TAKEN = """
    SELECT
        (SELECT coalesce(jsonb_object_agg(application_name, notification_id), '{{}}') FROM {tracking}
            WHERE application_name LIKE %(like)s),
        (SELECT coalesce(jsonb_agg(jsonb_build_array(upstream, position, state)), '[]') FROM {letters}
            WHERE upstream LIKE %(like)s AND position > 0 AND state IN ('parked', 'waiting', 'dropped'))
"""


def _end(connection: Connection[Any], service: str) -> int:
    table = sql.Identifier(service, f"{service}_events")
    row = connection.execute(sql.SQL("SELECT coalesce(max(notification_id), 0) FROM {}").format(table)).fetchone()
    assert row is not None, "an aggregate query returns a row"
    return int(row[0])


def _rows(
    application: EventSourcedApplication, after: int, until: int, topics: Sequence[str]
) -> Iterator[Sequence[Notification]]:
    while after < until:
        rows = application.recorder.select_notifications(
            after, PAGE, stop=until, topics=topics, inclusive_of_start=False
        )
        if rows:
            yield rows
        if len(rows) < PAGE:
            return
        after = rows[-1].id


def _event(application: EventSourcedApplication, row: Notification) -> DomainEvent:
    event = application.mapper.to_domain_event(row)
    assert isinstance(event, DomainEvent), "the mapper makes nothing else"
    return event
