"""The inbox on a real PostgreSQL, fed by hand: whatever comes, however often, in whatever order."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import onboarding
from thaman_contracts.subjects import partition_of
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.dead_letters import list_letters
from thaman_kit.inbox import Delivery, Inbox, Verdict, is_outage
from thaman_kit.routing import Router

STORE = "101"
PARTITION = partition_of(STORE)
NEIGHBOUR = next(str(n) for n in range(102, 999) if partition_of(str(n)) == PARTITION)
UPSTREAM = f"onboarding:{PARTITION}"
DELAYS = (0.2, 1.0, 5.0, 15.0)


@pytest.fixture
def inbox(world: Any) -> Inbox:
    return Inbox(world.sink, world.router, "onboarding", PARTITION, DELAYS)


def feed(world: Any, *tales: tuple[str, int], start: int = 0, previous: int = 0) -> list[Delivery]:
    """The messages that a relay would make of these (store, number) pairs, at every third place of the log."""
    deliveries = []
    for offset, (store_id, number) in enumerate(tales, 1):
        position = (start + offset) * 3
        message = world.publication.message_of(world.event(store_id, number), position, previous)
        subject = f"evt.onboarding.{partition_of(store_id)}.store.{store_id}.StorePaused"
        deliveries.append(Delivery(subject, message.headers, message.body))
        previous = position
    return deliveries


def altered(delivery: Delivery, **headers: str) -> Delivery:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(delivery, headers={**delivery.headers, **names})


def settled(verdicts: Sequence[Verdict]) -> list[bool]:
    return [verdict.is_settled for verdict in verdicts]


def take_until_settled(inbox: Inbox, deliveries: list[Delivery], rounds: int = 20) -> int:
    """Deliver again, as NATS would, what was not settled; returns the rounds it took."""
    for number in range(1, rounds + 1):
        verdicts = inbox.take(deliveries)
        deliveries = [d for d, verdict in zip(deliveries, verdicts, strict=True) if not verdict.is_settled]
        if not deliveries:
            return number
    raise AssertionError(f"{len(deliveries)} messages were never settled")


def test_a_batch_is_one_transaction(world: Any, inbox: Inbox) -> None:
    deliveries = feed(world, *((STORE, n) for n in range(5)))
    assert settled(inbox.take(deliveries)) == [True] * 5
    assert world.heard() == [0, 1, 2, 3, 4]
    rows = world.sink.database.fetch_all("SELECT DISTINCT xmin::text FROM heard")
    assert len(rows) == 1
    assert world.sink.position(UPSTREAM) == 15


def test_duplicates_are_settled_without_effect(world: Any, inbox: Inbox) -> None:
    deliveries = feed(world, (STORE, 1), (STORE, 2))
    inbox.take(deliveries)
    assert settled(inbox.take(deliveries)) == [True, True]
    assert world.heard() == [1, 2]


def test_a_duplicate_within_a_batch_has_no_effect(world: Any, inbox: Inbox) -> None:
    first, second = feed(world, (STORE, 1), (STORE, 2))
    take_until_settled(inbox, [first, first, second, second, first])
    assert world.heard() == [1, 2]


def test_a_message_without_its_predecessor_waits(world: Any, inbox: Inbox) -> None:
    first, second, third = feed(world, (STORE, 1), (STORE, 2), (STORE, 3))
    early = inbox.take([third])[0]
    assert not early.is_settled and early.delay_s == 0.25
    assert inbox.take([replace(third, delivered=1000)])[0].delay_s == 2.0
    assert settled(inbox.take([third, first])) == [False, True]
    assert settled(inbox.take([third, second])) == [True, True]
    assert world.heard() == [1, 2, 3]


def test_a_chain_that_lost_a_link_which_is_no_longer_published_goes_on(world: Any, inbox: Inbox) -> None:
    """A release makes an event private and the stream is rebuilt: the next message names an older predecessor."""
    inbox.take(feed(world, (STORE, 1), (STORE, 2)))
    (later,) = feed(world, (STORE, 3), start=2, previous=3)
    assert settled(inbox.take([later])) == [True]
    assert world.heard() == [1, 2, 3]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), count=st.integers(1, 12), batch=st.integers(1, 6), replicas=st.integers(1, 3))
def test_any_order_any_repetition_any_replica(world: Any, seed: int, count: int, batch: int, replicas: int) -> None:
    chance = random.Random(seed)
    start, previous = _end_of(world)
    stores = [chance.choice((STORE, NEIGHBOUR)) for _ in range(count)]
    numbers = [_next_number(world) for _ in range(count)]
    deliveries = feed(world, *zip(stores, numbers, strict=True), start=start, previous=previous)
    inboxes = [Inbox(world.sink, world.router, "onboarding", PARTITION, DELAYS) for _ in range(replicas)]
    before = world.heard()
    pending = [delivery for delivery in deliveries for _ in range(chance.randint(1, 3))]
    for _ in range(500):
        if not pending:
            break
        chance.shuffle(pending)
        portion, pending = pending[:batch], pending[batch:]
        verdicts = chance.choice(inboxes).take(portion)
        pending += [d for d, verdict in zip(portion, verdicts, strict=True) if not verdict.is_settled]
    assert not pending
    assert world.heard()[len(before) :] == numbers


def _end_of(world: Any) -> tuple[int, int]:
    position = world.sink.position(UPSTREAM)
    return position // 3, position


def _next_number(world: Any) -> int:
    return next(world.__dict__.setdefault("numbers", iter(range(1, 1_000_000))))


class Rival(EventSourcedApplication):
    """Lets another inbox take the same messages just before this one stores them."""

    def unit_of_work(self) -> UnitOfWork:
        rival, self.rival = getattr(self, "rival", None), None
        if rival is not None:
            rival()
        return super().unit_of_work()


def test_two_replicas_with_overlapping_batches_repeat_nothing(world: Any, inbox: Inbox) -> None:
    """The slower has read the tracked position before the faster stored a part of the slower's batch.

    A high-water mark alone would let the slower store all five.
    """
    deliveries = feed(world, *((STORE, n) for n in range(5)))
    slow_app = Rival.connect("scheduler", world.sink._url)
    try:
        slow = Inbox(slow_app, world.router, "onboarding", PARTITION, DELAYS)
        slow_app.rival = lambda: inbox.take(deliveries[:3])
        assert settled(slow.take(deliveries)) == [False] * 5
        assert world.heard() == [0, 1, 2]
        take_until_settled(slow, deliveries)
    finally:
        slow_app.close()
    assert world.heard() == [0, 1, 2, 3, 4]


def test_poison_is_retried_then_parks_only_its_own_store(world: Any, inbox: Inbox) -> None:
    world.poison = {2}
    deliveries = feed(world, (STORE, 1), (STORE, 2), (NEIGHBOUR, 100), (STORE, 3), (NEIGHBOUR, 101))
    verdicts = inbox.take(deliveries)
    assert settled(verdicts) == [True, False, False, False, False]
    assert {verdict.delay_s for verdict in verdicts[1:]} == {DELAYS[0]}
    rest = deliveries[1:]
    for delay in DELAYS[1:]:
        assert {verdict.delay_s for verdict in inbox.take(rest)} == {delay}
    assert settled(inbox.take(rest)) == [True] * 4
    assert world.heard() == [1, 100, 101]
    parked, waiting = list_letters(world.sink)
    assert (parked.position, parked.state, parked.attempts, parked.store_id) == (6, "parked", 5, STORE)
    assert parked.reason == "ValueError: cannot swallow 2"
    assert (waiting.position, waiting.state) == (12, "waiting")
    assert world.calls.count(2) == 10, "in each of five deliveries once with its batch and once alone"


def test_later_messages_of_a_parked_store_join_it(world: Any, inbox: Inbox) -> None:
    world.poison = {1}
    first, *later = feed(world, (STORE, 1), (STORE, 2), (NEIGHBOUR, 100), (STORE, 3))
    take_until_settled(inbox, [first])
    assert settled(inbox.take(later)) == [True] * 3
    assert world.heard() == [100]
    letters = list_letters(world.sink)
    assert [(letter.position, letter.state) for letter in letters] == [(3, "parked"), (6, "waiting"), (12, "waiting")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: replace(d, body=b"{not json"), "the body is no thaman.onboarding.StorePaused.v1"),
        (lambda d: replace(d, body=b"{}"), "Field required"),
        (lambda d: altered(d, ce_type="thaman.onboarding.StorePaused.v9"), "older than the message"),
        (lambda d: altered(d, ce_type="thaman.onboarding.NeverHeardOf.v1"), "NeverHeardOf"),
        (lambda d: replace(d, subject=d.subject.replace(f".{STORE}.", ".77.")), "came on evt.onboarding"),
        (lambda d: altered(d, ce_source="/audit"), "an event of audit"),
        (lambda d: replace(d, body=d.body.replace(b'"store_id":"101"', b'"store_id":"102"')), "speaks of store 102"),
    ],
)
def test_what_can_never_be_handled_is_parked_at_once(world: Any, inbox: Inbox, change: Any, reason: str) -> None:
    good, bad = feed(world, (NEIGHBOUR, 100), (STORE, 1))
    assert settled(inbox.take([good, change(bad)])) == [True, True]
    assert world.heard() == [100]
    (letter,) = list_letters(world.sink)
    assert letter.state == "parked" and reason in letter.reason
    assert world.sink.position(UPSTREAM) == 6


def test_a_message_that_is_not_ours_is_kept_once_and_parks_nobody(world: Any, inbox: Inbox) -> None:
    (good,) = feed(world, (STORE, 1))
    foreign = Delivery(good.subject, {"x": "y"}, b"hello")
    assert settled(inbox.take([foreign, good])) == [True, True]
    assert settled(inbox.take([foreign])) == [True]
    assert world.heard() == [1]
    (letter,) = list_letters(world.sink)
    assert letter.is_foreign and "ce-specversion is missing" in letter.reason and letter.body == b"hello"


def test_an_outage_costs_time_only(world: Any) -> None:
    """The database goes away for the handler, again and again: the waits grow, nothing is parked."""
    outages = iter([True] * 7)
    router = Router()

    @router.on(onboarding.StorePaused)
    def handle(event: onboarding.StorePaused, envelope: Envelope, unit: UnitOfWork) -> None:
        if next(outages, False):
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        world.hear(event, envelope, unit)

    inbox = Inbox(world.sink, router, "onboarding", PARTITION, DELAYS)
    deliveries = feed(world, (STORE, 1), (STORE, 2))
    delays = [inbox.take(deliveries)[0].delay_s for _ in range(7)]
    assert delays == sorted(delays) and delays[0] == 0.2 and delays[-1] > 5
    assert settled(inbox.take(deliveries)) == [True, True]
    assert world.heard() == [1, 2]
    assert list_letters(world.sink) == []


def test_a_value_too_large_for_its_index_is_poison_not_an_outage(world: Any, world_url: str) -> None:
    with psycopg.connect(world_url, autocommit=True) as admin:
        admin.execute("CREATE TABLE scheduler.narrow (value text PRIMARY KEY)")
        admin.execute("GRANT ALL ON scheduler.narrow TO scheduler_app")
    router = Router()
    noise = random.Random(1).randbytes(20_000).hex()
    router.on(onboarding.StorePaused)(
        lambda event, envelope, unit: unit.execute("INSERT INTO narrow VALUES (%s)", (noise,))
    )
    inbox = Inbox(world.sink, router, "onboarding", PARTITION, ())
    assert settled(inbox.take(feed(world, (STORE, 1)))) == [True]
    (letter,) = list_letters(world.sink)
    assert "index row" in letter.reason


def test_only_the_database_s_absence_is_an_outage() -> None:
    assert is_outage(psycopg.errors.AdminShutdown("going down"))
    assert is_outage(psycopg.errors.DeadlockDetected("deadlock"))
    assert is_outage(psycopg.errors.ReadOnlySqlTransaction("failed over"))
    assert not is_outage(psycopg.errors.ProgramLimitExceeded("index row too large"))
    assert not is_outage(psycopg.errors.UniqueViolation("twice"))
    assert not is_outage(ValueError("no"))
