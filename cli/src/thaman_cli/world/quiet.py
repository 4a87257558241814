"""Whether the installation has come to rest: no jobs, no events on their way, no write whose outcome is open."""

import time
from collections.abc import Iterator

from thaman_cli.errors import CliError
from thaman_cli.world.facts import published_topics
from thaman_cli.world.reading import Connection, connect, select
from thaman_contracts.subjects import ROOMS, SERVICES, partition_of, upstream_of
from thaman_kit.provisioning import READERS

SOON_S = 60
"""A waiting job that is due within this time is work at hand; a later one is an appointment."""


class NotQuiet(CliError):
    """The installation did not come to rest in time."""

    exit_code = 10


def wait_until_quiet(admin_db_url: str, *, within: float = 60.0, poll: float = 0.5) -> None:
    """Wait (blocking) until nothing is under way at two looks in a row.

    Raises:
        NotQuiet: something still was after ``within`` seconds; the message names it.
    """
    deadline = time.monotonic() + within
    quiet_looks = 0
    while quiet_looks < 2:
        with connect(admin_db_url) as connection:
            pending = list(pending_work(connection))
        quiet_looks = 0 if pending else quiet_looks + 1
        if pending and time.monotonic() > deadline:
            raise NotQuiet(
                "The installation did not come to rest",
                f"after {within:g} s there is still: {'; '.join(pending[:10])}",
                "Look at the logs, at `thaman status`, and at `thaman dead-letters list`.",
            )
        if quiet_looks < 2:
            time.sleep(poll)


def pending_work(connection: Connection) -> Iterator[str]:
    """What is under way, each as a line with ids; the cheap looks come first."""
    yield from _jobs(connection)
    yield from _open_decisions(connection)
    yield from _unread(connection)


def set_aside(connection: Connection) -> Iterator[str]:
    """What waits for an operator: dead jobs, parked messages."""
    for service in ROOMS:
        for row in select(connection, "dead_jobs", service):
            job = f"{service} job {row['id']} ({row['queue']} {row['key']})"
            yield f"{job}, store {row['store_id']}: {row['last_error']}"
        for row in select(connection, "parked", service):
            letter = f"{service} dead letter {row['id']} ({row['upstream']} {row['position']}, {row['event_type']})"
            yield f"{letter}, store {row['store_id']}: {row['reason']}"


def _jobs(connection: Connection) -> Iterator[str]:
    for service in ROOMS:
        for row in select(connection, "open_jobs", service, soon=SOON_S):
            line = f"{service} job {row['id']} ({row['queue']} {row['key']}), store {row['store_id']}, {row['state']}"
            yield f"{line}, last error: {row['last_error']}" if row["last_error"] else line


def _open_decisions(connection: Connection) -> Iterator[str]:
    for row in select(connection, "open_decisions"):
        yield f"decision {row['decision_id']}, store {row['store_id']}, item {row['key']} is {row['state']}"


def _unread(connection: Connection) -> Iterator[str]:
    """Published events that a consumer has not taken yet, seen from the newest of each feed."""
    newest = {str(service): _newest(connection, service) for service in SERVICES}
    for consumer, upstreams in READERS.items():
        tracked = {row["upstream"]: row["position"] for row in select(connection, "tracked", consumer)}
        for service in upstreams:
            for partition, position in sorted(newest[service].items()):
                upstream = upstream_of(service, partition)
                if tracked.get(upstream, 0) < position:
                    yield f"{consumer} has read {upstream} up to {tracked.get(upstream, 0)} of {position}"


def _newest(connection: Connection, service: str) -> dict[int, int]:
    newest: dict[int, int] = {}
    for row in select(connection, "newest", service, topics=published_topics()):
        partition = partition_of(row["store_id"])
        newest[partition] = max(newest.get(partition, 0), row["position"])
    return newest
