"""NATS names: subjects, streams, partitions, durable consumers.

Published subject: ``evt.<service>.store.<store_id>.<EventName>``. The stream stores it with its partition as
``evt.<service>.<partition>.store.<store_id>.<EventName>``; NATS computes the same hash as :func:`partition_of`.
"""

from functools import lru_cache
from typing import Literal, get_args

Service = Literal["onboarding", "scheduler", "optimizer", "audit"]
SERVICES: tuple[Service, ...] = get_args(Service)
"""All that publish events."""

Room = Literal[Service, "dashboard"]
ROOMS: tuple[Room, ...] = get_args(Room)
"""All that have a schema, a role in the database, and processes; those that are no service only read."""

PARTITIONS = 8
"""Chosen once: another number would move stores between partitions and break per-store order in flight."""

DEAD_LETTERS = "DLQ"
ADVISORIES = "ADVISORIES"

_FNV_OFFSET = 0x811C9DC5
_FNV_PRIME = 0x01000193


@lru_cache(maxsize=10_000)
def partition_of(store_id: str, partitions: int = PARTITIONS) -> int:
    """The partition of a store: FNV-1a (32 bit) of the id modulo ``partitions``, as NATS' ``partition()`` does."""
    value = _FNV_OFFSET
    for byte in store_id.encode():
        value = ((value ^ byte) * _FNV_PRIME) & 0xFFFFFFFF
    return value % partitions


def stream_of(service: str) -> str:
    """The stream to which only ``service``'s relay publishes."""
    return service.upper()


def subject_of(service: str, store_id: str, event_name: str) -> str:
    """The subject the relay publishes to."""
    return f"evt.{service}.store.{store_id}.{event_name}"


def published_pattern(service: str) -> str:
    """The subjects that ``service``'s stream listens to."""
    return f"evt.{service}.store.*.*"


def stored_pattern(service: str, partitions: int = PARTITIONS) -> str:
    """The subject transform's destination."""
    return f"evt.{service}.{{{{partition({partitions},1)}}}}.store.{{{{wildcard(1)}}}}.{{{{wildcard(2)}}}}"


def partition_filter(service: str, partition: int) -> str:
    """What one partition's consumer subscribes to."""
    return f"evt.{service}.{partition}.store.>"


def durable_of(consumer: str, service: str, partition: int) -> str:
    """The durable consumer with which ``consumer`` reads one partition of ``service``'s stream."""
    return f"{consumer}-{service}-{partition}"


def upstream_of(service: str, partition: int) -> str:
    """The name under which a consumer tracks its position in one partition."""
    return f"{service}:{partition}"


def dead_letter_subject(consumer: str, service: str) -> str:
    """Where ``consumer`` announces that it parked a message of ``service``."""
    return f"dlq.{consumer}.{service}"
