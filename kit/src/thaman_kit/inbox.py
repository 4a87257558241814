"""One consumer's inbox for one partition: every message takes effect once, in order, or is put aside with a reason.

The feed is a chain: each message names its place in the upstream's log and the place before it. A message is taken
only when everything up to its predecessor is tracked, and tracking moves by compare-and-set in the transaction of the
effect. So duplicates, reordering, two replicas and a stream built anew change nothing.
"""

import json
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import psycopg
from eventsourcing.persistence import InterfaceError, OperationalError

from thaman_contracts.envelope import Envelope, EnvelopeError, from_headers
from thaman_contracts.subjects import partition_of, upstream_of
from thaman_kit import bus_metrics
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.database import load_queries
from thaman_kit.errors import Conflict, EffectRefused, Undeliverable
from thaman_kit.routing import Router

logger = logging.getLogger(__name__)

_STORE_ATTEMPTS = 3
_GAP_DELAY_S = 0.25
_LONGEST_GAP_DELAY_S = 2.0
_LONGEST_BACKOFF_S = 30.0
_OUTAGES = (
    OperationalError,
    InterfaceError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.ReadOnlySqlTransaction,
)
_LIMIT_EXCEEDED = "54"


class _Overtaken(Exception):
    """Another replica moved the chain on; everything has to be looked at again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it came from NATS; ``delivered`` counts its deliveries from 1."""

    subject: str
    headers: Mapping[str, str]
    body: bytes
    delivered: int = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What NATS is told about a delivery: settled, or again after ``delay_s``.

    ``is_kept`` says that the message was put aside and waits to be announced as a dead letter.
    """

    delay_s: float | None = None
    is_kept: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether the message needs no further delivery."""
        return self.delay_s is None


SETTLED = Verdict()
KEPT = Verdict(is_kept=True)


@dataclass(frozen=True, slots=True)
class _Standing:
    """What the database knew at one instant: the place up to which messages are taken, and who is parked."""

    tracked: int
    parked: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Item:
    index: int
    delivery: Delivery
    envelope: Envelope

    @property
    def position(self) -> int:
        return self.envelope.position


class Inbox:
    """Takes the batches of one partition. It blocks, so call it from a thread; one call at a time."""

    def __init__(
        self,
        app: EventSourcedApplication,
        router: Router,
        service: str,
        partition: int,
        retry_delays_s: Sequence[float] = (0.2, 1.0, 5.0, 15.0),
    ) -> None:
        self.upstream = upstream_of(service, partition)
        self._app = app
        self._router = router
        self._service = service
        self._partition = partition
        self._delays = tuple(retry_delays_s)
        self._failed: Counter[int] = Counter()
        self._outages = 0
        self._sql = queries(app.name)

    def take(self, deliveries: Sequence[Delivery]) -> list[Verdict]:
        """Handle a batch; the verdicts are in the order of ``deliveries``.

        Whatever goes wrong ends in a verdict, because an exception here would only be a slower redelivery.
        """
        verdicts = [Verdict(self._backoff())] * len(deliveries)
        try:
            items = self._read(deliveries, verdicts)
            if not items:
                return verdicts
            standing = self._look(items)
            chain = self._chain(items, standing.tracked, verdicts)
            if chain:
                self._take_chain(chain, standing, verdicts)
        except (*_OUTAGES, _Overtaken) as error:
            self._outage(error)
        return verdicts

    def _read(self, deliveries: Sequence[Delivery], verdicts: list[Verdict]) -> list[_Item]:
        items = []
        for index, delivery in enumerate(deliveries):
            try:
                items.append(_Item(index, delivery, from_headers(delivery.headers)))
            except EnvelopeError as error:
                self._put_aside_foreign(delivery, str(error))
                verdicts[index] = self._settled("foreign", KEPT)
        return items

    def _look(self, items: Sequence[_Item]) -> _Standing:
        stores = sorted({item.envelope.store_id for item in items})
        row = self._app.database.fetch_one(self._sql["standing"], {"upstream": self.upstream, "stores": stores})
        assert row is not None
        return _Standing(row["tracked"], frozenset(row["parked"]))

    def _chain(self, items: list[_Item], tracked: int, verdicts: list[Verdict]) -> list[_Item]:
        """The unbroken run of messages that come next; the others get their verdict here."""
        chain: list[_Item] = []
        end = tracked
        for item in sorted(items, key=lambda item: item.position):
            if item.position <= tracked:
                verdicts[item.index] = self._settled("duplicate")
            elif item.position == end:
                verdicts[item.index] = Verdict(_GAP_DELAY_S)
            elif item.envelope.previous <= end:
                chain.append(item)
                end = item.position
            else:
                verdicts[item.index] = self._again("gap", _gap_delay(item.delivery.delivered))
        return chain

    def _take_chain(self, chain: list[_Item], standing: _Standing, verdicts: list[Verdict]) -> None:
        try:
            self._store(chain, standing)
        except Exception as error:
            if is_outage(error) or isinstance(error, _Overtaken):
                raise
            if len(chain) > 1:
                self._take_singly(chain, standing.tracked, verdicts)
            else:
                verdicts[chain[0].index] = self._fail(chain[0], standing.tracked, error)
        else:
            self._outages = 0
            self._count("handled", len(chain))
            for item in chain:
                self._failed.pop(item.position, None)
                verdicts[item.index] = SETTLED

    def _take_singly(self, chain: list[_Item], tracked: int, verdicts: list[Verdict]) -> None:
        """After a batch failed: one transaction per message up to the one that fails; the rest waits as long as it."""
        for place, item in enumerate(chain):
            # A message before it may have parked its store.
            self._take_chain([item], _Standing(tracked, self._look([item]).parked), verdicts)
            if not verdicts[item.index].is_settled:
                for later in chain[place + 1 :]:
                    verdicts[later.index] = verdicts[item.index]
                return
            tracked = item.position

    def _store(self, chain: Sequence[_Item], standing: _Standing) -> None:
        """Store the chain; what is parked may have changed since it was looked at, and then the commit is refused."""
        tracked = standing.tracked
        for attempt in range(1, _STORE_ATTEMPTS + 1):
            try:
                self._store_once(chain, standing)
                return
            except (Conflict, EffectRefused):
                standing = self._look(chain)
                if standing.tracked != tracked:
                    raise _Overtaken(f"another replica moved {self.upstream} on") from None
                if attempt == _STORE_ATTEMPTS:
                    raise

    def _store_once(self, chain: Sequence[_Item], standing: _Standing) -> None:
        unit = self._app.unit_of_work()
        self._advance(unit, standing.tracked, chain[-1].position)
        for item in chain:
            if item.envelope.store_id in standing.parked:
                self._wait(unit, item)
            else:
                self._check(item)
                self._router.dispatch(item.envelope, item.delivery.body, unit)
        unit.commit()

    def _check(self, item: _Item) -> None:
        envelope = item.envelope
        where = f"evt.{self._service}.{partition_of(envelope.store_id)}.store.{envelope.store_id}.{envelope.event_name}"
        if item.delivery.subject != where:
            raise Undeliverable(f"a {envelope.type} of store {envelope.store_id} came on {item.delivery.subject}")
        if envelope.service != self._service:
            raise Undeliverable(f"an event of {envelope.service} came through the stream of {self._service}")

    def _advance(self, unit: UnitOfWork, tracked: int, position: int) -> None:
        unit.execute(
            self._sql["advance"],
            {"upstream": self.upstream, "position": position, "expected": tracked},
            must_touch=1,
        )

    def _wait(self, unit: UnitOfWork, item: _Item) -> None:
        place = {"upstream": self.upstream, "store_id": item.envelope.store_id}
        unit.execute(self._sql["join_parking"], place, must_touch=1)
        self._keep(unit, item, state="waiting", reason="waits behind a parked message of its store", attempts=0)

    def _fail(self, item: _Item, tracked: int, error: Exception) -> Verdict:
        self._failed[item.position] += 1
        failures = self._failed[item.position]
        logger.warning(
            "%s of store %s failed the %d. time: %s",
            item.envelope.type,
            item.envelope.store_id,
            failures,
            error,
            exc_info=error,
        )
        if failures <= len(self._delays) and not isinstance(error, Undeliverable):
            return self._again("retry", self._delays[failures - 1])
        self._park(item, tracked, f"{type(error).__name__}: {error}", failures)
        del self._failed[item.position]
        return self._settled("parked", KEPT)

    def _park(self, item: _Item, tracked: int, reason: str, attempts: int) -> None:
        unit = self._app.unit_of_work()
        self._advance(unit, tracked, item.position)
        unit.execute(self._sql["park_store"], {"upstream": self.upstream, "store_id": item.envelope.store_id})
        self._keep(unit, item, state="parked", reason=reason, attempts=attempts)
        unit.commit()
        logger.error("parked store %s on %s: %s", item.envelope.store_id, self.upstream, reason)

    def _keep(self, unit: UnitOfWork, item: _Item, *, state: str, reason: str, attempts: int) -> None:
        letter = letter_of(self.upstream, item.delivery, item.envelope)
        unit.execute(self._sql["add_letter"], letter | {"state": state, "reason": reason, "attempts": attempts})

    def _put_aside_foreign(self, delivery: Delivery, reason: str) -> None:
        """Keep a message that no relay of ours wrote; it has no place in the chain and parks no store."""
        letter = letter_of(self.upstream, delivery, None)
        letter |= {"state": "parked", "reason": f"not a message of ours: {reason}", "attempts": 1}
        self._app.database.execute(self._sql["add_letter"], letter)
        logger.error("a message on %s is not ours: %s", delivery.subject, reason)

    def _outage(self, error: Exception) -> None:
        self._outages += 1
        logger.warning("%s waits %.1f s: %s", self.upstream, self._backoff(), error)

    def _backoff(self) -> float:
        return min(0.2 * 2.0 ** min(self._outages, 8), _LONGEST_BACKOFF_S)

    def _settled(self, outcome: str, verdict: Verdict = SETTLED) -> Verdict:
        self._count(outcome)
        return verdict

    def _again(self, outcome: str, delay_s: float) -> Verdict:
        self._count(outcome)
        return Verdict(delay_s)

    def _count(self, outcome: str, messages: int = 1) -> None:
        bus_metrics.CONSUMED.labels(self._app.name, self.upstream, outcome).inc(messages)


def is_outage(error: BaseException) -> bool:
    """Whether the database is to blame and not the message.

    A value that is too large for an index or a row comes from PostgreSQL as an operational error, too, but it would
    fail for ever.
    """
    if not isinstance(error, _OUTAGES):
        return False
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    return not (isinstance(cause, psycopg.Error) and (cause.sqlstate or "").startswith(_LIMIT_EXCEEDED))


def queries(service: str) -> dict[str, str]:
    """The inbox's SQL for one service."""
    loaded = load_queries("thaman_kit", "sql/dead_letters.sql")
    return {name: text.replace("{tracking}", f"{service}_tracking") for name, text in loaded.items()}


def letter_of(upstream: str, delivery: Delivery, envelope: Envelope | None) -> dict[str, object]:
    """The row that keeps a message, apart from state and reason.

    A message without an envelope gets a negative place made of its content, so that it too is kept once.
    """
    parts = delivery.subject.split(".")
    store_of_subject = parts[4] if len(parts) == 6 else "unknown"
    return {
        "upstream": upstream,
        "position": envelope.position if envelope else _foreign_place(delivery),
        "store_id": envelope.store_id if envelope else store_of_subject,
        "event_id": envelope.event_id if envelope else None,
        "event_type": envelope.type if envelope else None,
        "subject": delivery.subject,
        "headers": json.dumps(dict(delivery.headers)),
        "body": delivery.body,
    }


def _foreign_place(delivery: Delivery) -> int:
    content = json.dumps([delivery.subject, dict(delivery.headers)], sort_keys=True).encode() + delivery.body
    return -1 - int.from_bytes(sha256(content).digest()[:7])


def _gap_delay(delivered: int) -> float:
    return min(_GAP_DELAY_S * delivered, _LONGEST_GAP_DELAY_S)
