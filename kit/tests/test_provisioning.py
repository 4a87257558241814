"""Streams and consumers on a real nats-server: as they should be, also the second time."""

from dataclasses import replace
from typing import Any

import pytest

from thaman_contracts.subjects import PARTITIONS, ROOMS, SERVICES, durable_of, stream_of
from thaman_kit.embedded import EmbeddedNats
from thaman_kit.errors import BusError, NotProvisioned
from thaman_kit.nats import BusSettings, api, connect, disconnect, require_connection
from thaman_kit.provisioning import READERS, is_reachable, provision
from thaman_kit.settings import ServiceSettings
from thaman_kit.testing_bus import fast_bus


@pytest.fixture
def bus(own_nats: EmbeddedNats) -> BusSettings:
    return fast_bus(own_nats)


@pytest.fixture
async def connection(bus: BusSettings) -> Any:
    connection = await connect(bus, "test")
    yield connection
    await disconnect(connection)


async def config_of(connection: Any, stream: str) -> dict[str, Any]:
    return (await api(connection, f"STREAM.INFO.{stream}"))["config"]


async def test_everything_is_there_and_stays_as_it_is(bus: BusSettings, connection: Any) -> None:
    await provision(bus)
    first = (await api(connection, "STREAM.LIST"))["streams"]
    await provision(bus)
    second = (await api(connection, "STREAM.LIST"))["streams"]
    assert {s["config"]["name"] for s in first} == {stream_of(s) for s in SERVICES} | {"DLQ", "ADVISORIES"}
    assert [(s["config"], s["created"]) for s in first] == [(s["config"], s["created"]) for s in second]
    for consumer, upstreams in READERS.items():
        for service in upstreams:
            for partition in range(PARTITIONS):
                subject = f"CONSUMER.INFO.{stream_of(service)}.{durable_of(consumer, service, partition)}"
                config = (await api(connection, subject))["config"]
                assert config["filter_subject"] == f"evt.{service}.{partition}.store.>"
                assert (config["max_deliver"], config["ack_policy"]) == (-1, "explicit")


async def test_events_are_kept_for_ever_on_disk(bus: BusSettings, connection: Any) -> None:
    await provision(bus)
    config = await config_of(connection, "OPTIMIZER")
    assert config["storage"] == "file" and config["retention"] == "limits"
    assert config["max_age"] == 0 and config["max_msgs"] == -1 and config["max_bytes"] == -1
    assert config["allow_atomic"] is True and config["duplicate_window"] == 120_000_000_000


async def test_a_stream_that_drifted_is_brought_back_without_losing_anything(bus: BusSettings, connection: Any) -> None:
    await provision(bus)
    await connection.jetstream().publish("evt.audit.store.system.CheckpointSealed", b"{}")
    config = await config_of(connection, "AUDIT")
    await api(connection, "STREAM.UPDATE.AUDIT", config | {"duplicate_window": 1_000_000_000})
    await provision(bus)
    info = await api(connection, "STREAM.INFO.AUDIT")
    assert info["config"]["duplicate_window"] == 120_000_000_000
    assert info["state"]["messages"] == 1


async def test_consumers_follow_changed_settings(bus: BusSettings, connection: Any) -> None:
    await provision(bus)
    await provision(replace(bus, batch_size=17))
    info = await api(connection, f"CONSUMER.INFO.SCHEDULER.{durable_of('audit', 'scheduler', 0)}")
    assert info["config"]["max_ack_pending"] == 17


async def test_refusals_carry_the_server_s_words(bus: BusSettings, connection: Any) -> None:
    with pytest.raises(NotProvisioned, match="stream not found"):
        await api(connection, "STREAM.INFO.NOWHERE")
    with pytest.raises(BusError, match=r"\(code \d+\)"):
        await api(connection, "STREAM.CREATE.BAD", {"name": "WORSE"})


async def test_without_a_connection_nothing_is_left_in_a_buffer(own_nats: EmbeddedNats, connection: Any) -> None:
    assert await is_reachable(connection)
    await disconnect(connection)
    with pytest.raises(BusError, match="no connection"):
        require_connection(connection)


def test_settings_of_a_service_become_settings_of_the_bus() -> None:
    settings = ServiceSettings(
        database_url="postgresql://a:b@db/thaman",  # type: ignore[arg-type]
        nats_url="nats://n1:4222,nats://n2:4222",
        nats_user="audit",
        nats_provision=False,
        consumer_retry_delays=(1, 2),
        nats_password="hunter2",  # type: ignore[arg-type]
        api_key_pepper="x" * 40,  # type: ignore[arg-type]
    )
    bus = BusSettings.of(settings, replicas=3)
    assert bus.servers == ("nats://n1:4222", "nats://n2:4222")
    assert (bus.user, bus.password, bus.replicas) == ("audit", "hunter2", 3)
    assert (bus.may_provision, bus.retry_delays_s, bus.ack_wait_s) == (False, (1.0, 2.0), 30.0)
    assert "hunter2" not in repr(bus)


def test_nobody_reads_what_no_service_writes() -> None:
    assert set(READERS) == set(ROOMS)
    assert READERS["audit"] == READERS["dashboard"] == SERVICES
    assert all(set(upstreams) <= set(SERVICES) for upstreams in READERS.values())
    assert all(reader == "audit" or reader not in upstreams for reader, upstreams in READERS.items())
