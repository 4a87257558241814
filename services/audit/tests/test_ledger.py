"""The ledger on a real PostgreSQL: original bytes, one chain per store, append-only, and read models that follow."""

import threading
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from thaman_audit import application
from thaman_audit.adapters import walking
from thaman_audit.adapters.ledger import Batch
from thaman_audit.bootstrap import Container
from thaman_audit.testing import NOW, Streams, made_again
from thaman_audit.testing_events import authorized, observed, price_change
from thaman_contracts.envelope import from_headers
from thaman_contracts.events import onboarding
from thaman_contracts.events.settings import AutomationMode, StoreSettings
from thaman_kit.inbox import Delivery, Inbox

TABLES = {
    "stores": "store_id",
    "runs": "store_id, run_id",
    "item_events": "service, event_id",
    "prices": "store_id, item",
    "price_history": "store_id, item, id",
}


def read_models(container: Container) -> dict[str, list[dict[str, Any]]]:
    """All read models without the numbers that only order them."""
    database = container.application.database
    return {
        table: [
            {name: value for name, value in row.items() if name != "id"}
            for row in database.fetch_all(f"SELECT * FROM {table} ORDER BY {order}")
        ]
        for table, order in TABLES.items()
    }


def test_events_are_kept_as_they_were_received_in_one_chain_per_store(container: Container, streams: Streams) -> None:
    story = [authorized("77"), observed("77", ("1", 10_000)), *price_change("77", "1", 10_000, 9_900)]
    deliveries = [streams.delivery(event) for event in story]
    for event, delivery in zip(story, deliveries, strict=True):
        streams.take((event.service, int(delivery.subject.split(".")[2])), [delivery])
    entries = list(container.tables.chain("77"))
    assert [entry.data for entry in entries] == [delivery.body for delivery in deliveries]
    assert [entry.seq for entry in entries] == list(range(1, len(story) + 1))
    assert container.ledger.verify("77").ok


def test_unknown_types_and_unknown_fields_are_kept_too(container: Container, streams: Streams) -> None:
    later = "thaman.onboarding.StorePaused.v9"
    event = onboarding.StoreResumed(store_id="77", occurred_at=NOW, fence=1, resumed_by="x")
    delivery = streams.delivery(event, type=later)
    body = b'{"store_id":"77","something":"new"}'
    streams.take(
        ("onboarding", int(delivery.subject.split(".")[2])), [Delivery(delivery.subject, delivery.headers, body)]
    )
    (entry,) = container.tables.chain("77")
    assert (entry.type, entry.data) == (later, body)
    assert container.ledger.verify("77").ok


def test_a_repeated_event_is_one_entry_and_takes_effect_once(container: Container, streams: Streams) -> None:
    first = streams.delivery(observed("77", ("1", 10_000)))
    feed = "onboarding", int(first.subject.split(".")[2])
    streams.take(feed, [first, streams.delivery(observed("77", ("1", 9_000)))])
    before = read_models(container)
    # The same event at a new place, as after a relay that published it twice.
    again = streams.delivery(observed("77", ("1", 10_000)), event_id=from_headers(first.headers).event_id)
    streams.take(feed, [again])
    assert [entry.position for entry in container.tables.chain("77")] == [1, 2]
    assert read_models(container) == before
    assert [row["base_price"] for row in before["prices"]] == [9_000]


def test_one_batch_with_many_stores_and_a_repetition_inside(container: Container, streams: Streams) -> None:
    stores = [str(number) for number in range(1, 200) if number % 8 == 3]
    streams.deliver(*(authorized(store) for store in stores), *(observed(store, ("1", 500)) for store in stores))
    for store in stores:
        verdict = container.ledger.verify(store)
        assert (verdict.ok, verdict.entries) == (True, 2)


def test_an_event_that_a_batch_has_twice_is_one_entry_in_its_first_place(
    container: Container, streams: Streams
) -> None:
    first = streams.delivery(observed("77", ("1", 10_000)))
    between = streams.delivery(observed("77", ("1", 9_000)))
    again = streams.delivery(observed("77", ("1", 10_000)), event_id=from_headers(first.headers).event_id)
    streams.take(("onboarding", int(first.subject.split(".")[2])), [first, between, again])
    assert [entry.data for entry in container.tables.chain("77")] == [first.body, between.body]
    assert container.ledger.verify("77").ok
    found = read_models(container)
    assert [row["base_price"] for row in found["price_history"]] == [10_000, 9_000]
    made_again(container)
    assert read_models(container) == found


def test_an_event_that_somebody_else_puts_in_before_the_lock_is_one_entry(
    container: Container, streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams.deliver(authorized("77"))
    told = streams.delivery(observed("77", ("1", 10_000)))
    looks: list[set[int]] = []
    look = Batch._known

    def known(batch: Batch, cursor: Any) -> set[int]:
        found = look(batch, cursor)
        looks.append(found)
        if len(looks) == 1:
            unit = container.application.unit_of_work()
            container.router.dispatch(from_headers(told.headers), told.body, unit)
            unit.commit()
        return found

    monkeypatch.setattr(Batch, "_known", known)
    streams.take(("onboarding", int(told.subject.split(".")[2])), [told])
    assert looks == [set(), set(), {1}], "the first look, that of the other, and the one after the key refused"
    assert [entry.data for entry in container.tables.chain("77")][1:] == [told.body]
    assert container.ledger.verify("77").ok
    kept = read_models(container)
    assert len(kept["price_history"]) == 1
    made_again(container)
    assert read_models(container) == kept


def test_the_services_role_can_neither_change_nor_delete(container: Container, streams: Streams) -> None:
    streams.deliver(authorized("77"))
    for statement in ("UPDATE ledger SET data = ''", "DELETE FROM ledger", "TRUNCATE ledger"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            container.application.database.execute(statement)


TAMPERED = {
    "UPDATE audit.ledger SET data = convert_to('{}', 'UTF8') WHERE seq = 3": (3, "does not fit its content"),
    "UPDATE audit.ledger SET recorded_at = recorded_at + interval '1 microsecond' WHERE seq = 2": (2, "changed"),
    "DELETE FROM audit.ledger WHERE seq = 4": (4, "is missing"),
    "DELETE FROM audit.ledger WHERE seq = 9": (9, "the head says 9"),
    "UPDATE audit.heads SET hash = decode(repeat('00', 32), 'hex')": (9, "head"),
}


@pytest.mark.parametrize("statement", TAMPERED)
def test_tampering_with_the_database_is_named(
    container: Container, streams: Streams, admin_url: str, statement: str
) -> None:
    streams.deliver(authorized("77"), observed("77", ("1", 10_000)), *price_change("77", "1", 10_000, 9_900))
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(statement.encode())
    broken = container.ledger.verify("77").broken
    place, reason = TAMPERED[statement]
    assert broken is not None
    assert broken.seq == place and reason in broken.reason


def test_walks_wait_for_their_turn_and_one_that_is_left_gives_it_back(
    container: Container, streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "EVERY", 2)
    monkeypatch.setattr(application, "TURN_S", 0.01)
    streams.deliver(authorized("77"), observed("77", ("1", 10_000)), *price_change("77", "1", 10_000, 9_900))
    ledger = container.ledger
    begun = [ledger.walking("77") for _ in range(application.WALKS)]
    for one in begun:
        assert [next(one).proven, next(one).proven] == [0, 2]
    third = ledger.walking("77")
    assert [next(third).proven for _ in range(3)] == [0, 0, 0], "it says that it waits"
    begun[0].close()
    assert next(third).proven == 2
    third.close()
    begun[1].close()
    assert ledger.verify("77").ok


def test_four_streams_of_one_store_at_once_give_one_good_chain(container: Container, streams: Streams) -> None:
    events = [
        event for number in range(20) for event in price_change("77", str(number), 10_000, 9_900, cause=f"r{number}")
    ]
    by_service: dict[str, list[Delivery]] = {}
    for event in events:
        by_service.setdefault(event.service, []).append(streams.delivery(event))
    partition = int(next(iter(by_service.values()))[0].subject.split(".")[2])

    def read(service: str) -> None:
        inbox = Inbox(container.application, container.router, service, partition)
        for start in range(0, len(by_service[service]), 7):
            assert all(verdict.is_settled for verdict in inbox.take(by_service[service][start : start + 7]))

    threads = [threading.Thread(target=read, args=(service,)) for service in by_service]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = container.ledger.verify("77")
    assert (verdict.ok, verdict.entries) == (True, len(events))


def test_prices_become_history_when_they_change_with_their_cause(container: Container, streams: Streams) -> None:
    edit = onboarding.ManualEditDetected(
        store_id="77", occurred_at=NOW + timedelta(minutes=9), product_id="1", expected_base_price=9_900,
        found_base_price=9_500, found_by="sweep",
    )  # fmt: skip
    streams.deliver(authorized("77"), observed("77", ("1", 10_000), ("2", 400)))
    streams.deliver(observed("77", ("1", 10_000), ("2", 500), minutes=2))
    streams.deliver(*price_change("77", "1", 10_000, 9_900, minutes=3))
    streams.deliver(observed("77", ("1", 9_900), minutes=4))
    streams.deliver(edit, observed("77", ("1", 9_500), minutes=10))
    found = container.application.database.fetch_all("SELECT * FROM price_history ORDER BY item, id")
    assert [(row["item"], row["cause"], row["old_base_price"], row["base_price"]) for row in found] == [
        ("1", "first_seen", None, 10_000),
        ("1", "decision", 10_000, 9_900),
        ("1", "manual_edit", 9_900, 9_500),
        ("2", "first_seen", None, 400),
        ("2", "observed", 400, 500),
    ]
    prices = container.application.database.fetch_all("SELECT item, base_price, shelf_price FROM prices ORDER BY item")
    assert [tuple(row.values()) for row in prices] == [("1", 9_500, 9_500), ("2", 500, 500)]


def lively_story(streams: Streams) -> None:
    """Two stores with everything that changes a read model, delivered in odd batches."""
    for store in ("77", "78"):
        pause = onboarding.StorePaused(store_id=store, occurred_at=NOW, fence=1, reason="r", paused_by="m")
        gone = onboarding.StoreUninstalled(store_id=store, occurred_at=NOW, fence=2)
        mode = onboarding.StoreSettingsChanged(
            store_id=store, occurred_at=NOW, settings_version=2, changed_by="m",
            settings=StoreSettings(mode=AutomationMode.MANUAL),
        )  # fmt: skip
        streams.deliver(authorized(store), pause, gone, authorized(store, name="نهاية"), mode)
        for number in range(5):
            streams.deliver(*price_change(store, str(number), 10_000, 9_900 - number, cause=f"r{number}"))
            streams.deliver(observed(store, *((str(item), 9_800 + item) for item in range(7)), minutes=number))
        edit = onboarding.ManualEditDetected(
            store_id=store, occurred_at=NOW, product_id="1", expected_base_price=1, found_base_price=2, found_by="sweep"
        )
        streams.deliver(edit, observed(store, ("1", 2)), observed(store, ("1", 3)))


def test_the_read_models_made_again_equal_what_they_were(container: Container, streams: Streams) -> None:
    lively_story(streams)
    before = read_models(container)
    assert all(before.values()), "every read model has rows, so the comparison means something"
    assert before["stores"][0]["connected"] is True
    container.application.database.execute("DELETE FROM price_history")
    container.application.database.execute("UPDATE stores SET name = 'wrong'")
    made_again(container)
    assert read_models(container) == before


def test_facts_of_a_run_may_come_in_any_order(container: Container, streams: Streams) -> None:
    events = price_change("77", "1", 10_000, 9_900)
    streams.deliver(*reversed(events))
    (run,) = read_models(container)["runs"]
    assert (run["trigger"], run["requested_by"], run["items"], run["statistics"]["updated"]) == (
        "run_now",
        "operator",
        1,
        1,
    )
    assert None not in (run["requested_at"], run["started_at"], run["completed_at"])
