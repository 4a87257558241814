"""Streams and consumers as they should be, created or brought up to date; safe to run again at any time."""

import logging
from collections.abc import Iterable
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError

from thaman_contracts.subjects import (
    ADVISORIES,
    DEAD_LETTERS,
    PARTITIONS,
    SERVICES,
    durable_of,
    partition_filter,
    published_pattern,
    stored_pattern,
    stream_of,
)
from thaman_kit.errors import NotProvisioned
from thaman_kit.nats import BusSettings, api, connect, disconnect

logger = logging.getLogger(__name__)

READERS: dict[str, tuple[str, ...]] = {
    "onboarding": ("scheduler", "optimizer"),
    "scheduler": ("onboarding", "optimizer"),
    "optimizer": ("onboarding", "scheduler"),
    "audit": SERVICES,
    "dashboard": SERVICES,
}
"""Who reads whose stream."""

PRIORITY_GROUP = "replicas"

_SECOND = 1_000_000_000
_DAY = 24 * 3600 * _SECOND
_DUPLICATE_WINDOW = 120 * _SECOND
_UNBOUNDED = -1

_ADVISORY_SUBJECTS = (
    "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>",
    "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>",
    "$JS.EVENT.ADVISORY.CONSUMER.DELETED.>",
    "$JS.EVENT.ADVISORY.STREAM.DELETED.>",
)


def event_stream(service: str, replicas: int = 1) -> dict[str, Any]:
    """The stream of one service's events: one writer, partitioned by store, kept for ever."""
    return _stream(stream_of(service), [published_pattern(service)], replicas) | {
        "subject_transform": {"src": published_pattern(service), "dest": stored_pattern(service)},
        "allow_atomic": True,
        "duplicate_window": _DUPLICATE_WINDOW,
    }


def dead_letter_stream(replicas: int = 1) -> dict[str, Any]:
    """Announcements of parked messages; the letters themselves are rows in PostgreSQL."""
    return _stream(DEAD_LETTERS, ["dlq.>"], replicas) | {"max_age": 90 * _DAY}


def advisory_stream(replicas: int = 1) -> dict[str, Any]:
    """What the server says about deliveries given up and things deleted; it says it once, so it is kept."""
    return _stream(ADVISORIES, list(_ADVISORY_SUBJECTS), replicas) | {"max_age": 90 * _DAY, "max_msgs": 100_000}


def event_consumer(consumer: str, service: str, partition: int, settings: BusSettings) -> dict[str, Any]:
    """The durable with which ``consumer`` reads one partition.

    Of all replicas the server pins one and feeds only it, because a chain cut between two would make both wait for
    each other. The pin passes on when the replica stops asking. As many messages may be in hand as a batch holds.
    """
    return {
        "durable_name": durable_of(consumer, service, partition),
        "name": durable_of(consumer, service, partition),
        "filter_subject": partition_filter(service, partition),
        "deliver_policy": "all",
        "ack_policy": "explicit",
        "ack_wait": int(settings.ack_wait_s * _SECOND),
        "max_ack_pending": settings.batch_size,
        "max_deliver": _UNBOUNDED,
        "priority_policy": "pinned_client",
        "priority_groups": [PRIORITY_GROUP],
        "priority_timeout": int(settings.ack_wait_s * _SECOND),
        "replay_policy": "instant",
        "num_replicas": settings.replicas,
    }


async def provision(settings: BusSettings, *, services: Iterable[str] = SERVICES) -> None:
    """Create or update everything: streams first, then the consumers of the whole topology.

    Raises:
        BusError: the server refused; its message says what.
    """
    connection = await connect(settings, "provision")
    try:
        for config in (dead_letter_stream(settings.replicas), advisory_stream(settings.replicas)):
            await ensure_configured(connection, config)
        for service in services:
            await ensure_stream(connection, service, settings)
        for consumer, upstreams in READERS.items():
            await ensure_consumers(connection, consumer, upstreams, settings)
    finally:
        await disconnect(connection)


async def ensure_stream(connection: Client, service: str, settings: BusSettings) -> None:
    """Create or update the stream of ``service``."""
    await ensure_configured(connection, event_stream(service, settings.replicas))


async def ensure_consumers(connection: Client, consumer: str, upstreams: Iterable[str], settings: BusSettings) -> None:
    """Create or update all durables of one consumer."""
    for service in upstreams:
        for partition in range(PARTITIONS):
            await ensure_consumer(connection, consumer, service, partition, settings)


async def ensure_consumer(
    connection: Client, consumer: str, service: str, partition: int, settings: BusSettings
) -> None:
    """Create or update one durable."""
    config = event_consumer(consumer, service, partition, settings)
    subject = f"CONSUMER.CREATE.{stream_of(service)}.{config['name']}.{config['filter_subject']}"
    await api(connection, subject, {"stream_name": stream_of(service), "config": config, "action": ""})


async def is_reachable(connection: Client) -> bool:
    """Whether JetStream answers."""
    try:
        await api(connection, "INFO")
    except (NatsError, TimeoutError):
        return False
    return True


def _stream(name: str, subjects: list[str], replicas: int) -> dict[str, Any]:
    return {
        "name": name,
        "subjects": subjects,
        "retention": "limits",
        "storage": "file",
        "discard": "old",
        "num_replicas": replicas,
        "max_age": 0,
        "max_msgs": _UNBOUNDED,
        "max_bytes": _UNBOUNDED,
        "allow_direct": True,
        "compression": "s2",
    }


async def ensure_configured(connection: Client, config: dict[str, Any]) -> None:
    """Create a stream, or bring it up to date."""
    name = config["name"]
    try:
        present = (await api(connection, f"STREAM.INFO.{name}"))["config"]
    except NotProvisioned:
        await api(connection, f"STREAM.CREATE.{name}", config)
        logger.info("created stream %s", name)
        return
    changed = {key: value for key, value in config.items() if present.get(key) != value}
    if changed and any(changed.values()):
        await api(connection, f"STREAM.UPDATE.{name}", present | config)
        logger.info("updated stream %s: %s", name, ", ".join(sorted(changed)))
