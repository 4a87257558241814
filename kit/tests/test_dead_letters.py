"""Dead letters: handled again in order, dropped with a reason, never passed by their own store's later messages."""

from typing import Any

import pytest

from thaman_contracts.subjects import partition_of
from thaman_kit.dead_letters import drop, list_letters, retry
from thaman_kit.errors import DeadLetterError
from thaman_kit.inbox import Delivery, Inbox

STORE = "101"
PARTITION = partition_of(STORE)
UPSTREAM = f"onboarding:{PARTITION}"


@pytest.fixture
def inbox(world: Any) -> Inbox:
    return Inbox(world.sink, world.router, "onboarding", PARTITION, ())


def deliver(world: Any, inbox: Inbox, *numbers: int) -> None:
    previous = world.sink.position(UPSTREAM)
    for number in numbers:
        position = previous + 3
        message = world.publication.message_of(world.event(STORE, number), position, previous)
        subject = f"evt.onboarding.{PARTITION}.store.{STORE}.StorePaused"
        verdicts = inbox.take([Delivery(subject, message.headers, message.body)])
        assert verdicts[0].is_settled
        previous = position


def states(world: Any) -> list[str]:
    return [letter.state for letter in list_letters(world.sink, states=None)]


def is_parked(world: Any) -> bool:
    return world.sink.database.fetch_one("SELECT 1 FROM parked_stores") is not None


def test_retry_handles_all_of_the_store_in_order(world: Any, inbox: Inbox) -> None:
    world.poison = {1}
    deliver(world, inbox, 1, 2, 3)
    assert states(world) == ["parked", "waiting", "waiting"] and is_parked(world)
    world.poison = set()
    assert retry(world.sink, world.router, upstream=UPSTREAM, store_id=STORE) == 3
    assert world.heard() == [1, 2, 3]
    assert states(world) == ["retried"] * 3 and not is_parked(world)
    deliver(world, inbox, 4)
    assert world.heard() == [1, 2, 3, 4]


def test_a_retry_that_fails_again_changes_nothing_but_the_reason(world: Any, inbox: Inbox) -> None:
    world.poison = {1}
    deliver(world, inbox, 1, 2)
    world.poison = {2}
    with pytest.raises(DeadLetterError, match=r"cannot swallow 2.*drop the letter"):
        retry(world.sink, world.router, upstream=UPSTREAM, store_id=STORE)
    assert world.heard() == []
    assert states(world) == ["parked", "waiting"] and is_parked(world)
    second = list_letters(world.sink)[1]
    assert (second.reason, second.attempts) == ("ValueError: cannot swallow 2", 1)


def test_retry_of_nothing_says_so(world: Any) -> None:
    with pytest.raises(DeadLetterError, match="nothing that can be retried waits for store 101"):
        retry(world.sink, world.router, upstream=UPSTREAM, store_id=STORE)


def test_a_message_that_joins_during_a_retry_is_not_left_behind(world: Any, inbox: Inbox) -> None:
    world.poison = {1}
    deliver(world, inbox, 1)
    world.poison = set()
    handle, joined = world.hear, []

    def hear_while_another_joins(event: Any, envelope: Any, unit: Any) -> None:
        if not joined:
            joined.append(True)
            deliver(world, inbox, 2)
        handle(event, envelope, unit)

    world.router._handlers = [(world.router._handlers[0][0], hear_while_another_joins)]
    world.router._handlers_of.clear()
    assert retry(world.sink, world.router, upstream=UPSTREAM, store_id=STORE) == 2
    assert world.heard() == [1, 2]
    assert states(world) == ["retried", "retried"] and not is_parked(world)


def test_a_consumer_that_saw_a_parking_which_is_lifted_meanwhile_looks_again(world: Any, inbox: Inbox) -> None:
    world.poison = {1}
    deliver(world, inbox, 1)
    world.poison = set()
    fetch_one, database = world.sink.database.fetch_one, world.sink.database
    lifted: list[int] = []

    def fetch_then_lift(sql: str, params: Any = None) -> Any:
        row = fetch_one(sql, params)
        if "FROM parked_stores WHERE upstream" in sql and "ANY" in sql and not lifted:
            lifted.append(1)
            retry(world.sink, world.router, upstream=UPSTREAM, store_id=STORE)
        return row

    database.fetch_one = fetch_then_lift
    deliver(world, inbox, 2)
    assert lifted and world.heard() == [1, 2]
    assert states(world) == ["retried"]


def test_dropping_the_only_letter_lifts_the_parking(world: Any, inbox: Inbox) -> None:
    world.poison = {1}
    deliver(world, inbox, 1)
    (letter,) = list_letters(world.sink)
    drop(world.sink, letter.id, "the shop was a test")
    assert not is_parked(world) and states(world) == ["dropped"]
    assert list_letters(world.sink, states=None)[0].reason.endswith("dropped: the shop was a test")
    deliver(world, inbox, 2)
    assert world.heard() == [2]


def test_after_dropping_the_bad_one_the_rest_can_be_retried(world: Any, inbox: Inbox) -> None:
    world.poison = {1}
    deliver(world, inbox, 1, 2, 3)
    drop(world.sink, list_letters(world.sink)[0].id, "broken for good")
    assert is_parked(world), "the others still wait, and order must hold"
    assert retry(world.sink, world.router, upstream=UPSTREAM, store_id=STORE) == 2
    assert world.heard() == [2, 3]


def test_dropping_needs_a_reason_and_an_open_letter(world: Any, inbox: Inbox) -> None:
    world.poison = {1}
    deliver(world, inbox, 1)
    (letter,) = list_letters(world.sink)
    with pytest.raises(DeadLetterError, match="say why"):
        drop(world.sink, letter.id, "  ")
    drop(world.sink, letter.id, "really")
    with pytest.raises(DeadLetterError, match="is dropped already"):
        drop(world.sink, letter.id, "really")
    with pytest.raises(DeadLetterError, match="there is no dead letter"):
        drop(world.sink, letter.id + 1000, "really")


def test_a_foreign_message_can_only_be_dropped(world: Any, inbox: Inbox) -> None:
    inbox.take([Delivery(f"evt.onboarding.{PARTITION}.store.{STORE}.StorePaused", {}, b"?")])
    with pytest.raises(DeadLetterError, match="nothing that can be retried"):
        retry(world.sink, world.router, upstream=UPSTREAM, store_id=STORE)
    (letter,) = list_letters(world.sink, store_id=STORE)
    drop(world.sink, letter.id, "not ours")
    assert list_letters(world.sink) == []


def test_the_list_can_be_narrowed(world: Any, inbox: Inbox) -> None:
    world.poison = {1}
    deliver(world, inbox, 1, 2)
    assert len(list_letters(world.sink, store_id=STORE, upstream=UPSTREAM)) == 2
    assert len(list_letters(world.sink, states=("waiting",))) == 1
    assert list_letters(world.sink, store_id="999") == []
    assert list_letters(world.sink, limit=1)[0].envelope().store_id == STORE
