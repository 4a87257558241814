"""The ledger keeps up: a flood of events through the real inbox."""

import time

from thaman_audit.bootstrap import Container
from thaman_audit.testing import Streams
from thaman_audit.testing_events import authorized, observed, price_change
from thaman_contracts.subjects import partition_of
from thaman_kit.inbox import Delivery

BATCH = 200
EVENTS = 6_000


def test_a_flood_is_ingested_and_its_speed_told(container: Container, streams: Streams) -> None:
    stores = [str(number) for number in range(1, 400) if partition_of(str(number)) == 3][:40]
    feeds: dict[str, list[Delivery]] = {}
    events = [event for store in stores for event in (authorized(store), observed(store, ("1", 10_000)))]
    number = 0
    while len(events) < EVENTS:
        number += 1
        for store in stores:
            events += price_change(store, str(number), 10_000, 9_900, cause=f"r{number}")
    for event in events:
        feeds.setdefault(event.service, []).append(streams.delivery(event))
    started = time.perf_counter()
    for service, deliveries in feeds.items():
        for start in range(0, len(deliveries), BATCH):
            streams.take((service, 3), deliveries[start : start + BATCH])
    seconds = time.perf_counter() - started
    print(f"\naudit: {len(events)} events in {seconds:.2f} s = {len(events) / seconds:.0f} events/s")
    assert container.application.database.fetch_all("SELECT count(*) AS entries FROM ledger") == [
        {"entries": len(events)}
    ]
    assert all(container.ledger.verify(store).ok for store in stores)
