"""``thaman tail``: shows what is published from now on, of one store, and leaves nothing at NATS."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.deployed_nats import bus_of, deployed_nats, password_of

from thaman_audit.testing_events import authorized, observed
from thaman_contracts.envelope import Envelope, encode, to_headers
from thaman_contracts.events import EventData
from thaman_contracts.ids import store_uuid
from thaman_contracts.subjects import SERVICES, stream_of, subject_of
from thaman_kit.embedded import EmbeddedNats
from thaman_kit.nats import connect
from thaman_kit.testing import (
    own_nats,  # noqa: F401
    wait_until,
)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[str]:
    """NATS as deployed, with its users and permissions, and one event from before."""
    with deployed_nats(tmp_path) as url:
        publish(url, authorized("77", name="من قبل"))
        yield url


@pytest.fixture
def followers() -> Iterator[list["subprocess.Popen[str]"]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for one in started:
        one.kill()
        one.wait()


def publish(url: str, *events: EventData) -> None:
    async def send() -> None:
        connection = await connect(bus_of(url, "onboarding"), "onboarding")
        for position, event in enumerate(events, 1):
            envelope = Envelope(
                event_id=f"{store_uuid(event.store_id)}:{position}",
                service=event.service,
                type=event.event_type(),
                store_id=event.store_id,
                time=event.occurred_at,
                position=position,
                previous=position - 1,
            )
            headers = {name: value for name, value in to_headers(envelope).items() if name != "Nats-Msg-Id"}
            subject = subject_of(event.service, event.store_id, event.event_name())
            await connection.jetstream().publish(subject, encode(event.model_dump(mode="json")), headers=headers)
        await connection.close()

    asyncio.run(send())


def passing_consumers(url: str) -> list[str]:
    """Consumers that are not the services' own."""

    async def ask() -> list[str]:
        connection = await connect(bus_of(url, "provision"), "provision")
        found = [info for one in SERVICES for info in await connection.jetstream().consumers_info(stream_of(one))]
        await connection.close()
        return [info.name for info in found if info.config.durable_name is None]

    return asyncio.run(ask())


def follow(url: str, *arguments: str) -> "subprocess.Popen[str]":
    environment = os.environ | {"THAMAN_NATS_URL": url}
    return subprocess.Popen(
        [sys.executable, "-m", "thaman_cli", "tail", *arguments, "--home", "/nowhere"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_one_store_is_followed_from_now_on_and_ctrl_c_is_no_failure(
    bus: str, followers: list["subprocess.Popen[str]"]
) -> None:
    reader = bus.replace("//", f"//subscriber:{password_of('subscriber')}@")
    process, words = follow(reader, "--store", "77", "--json"), follow(reader)
    followers += [process, words]
    wait_until(lambda: len(passing_consumers(bus)) == 2 * len(SERVICES), 30, "both follow every stream")
    publish(bus, authorized("78"), authorized("77"), observed("77", ("1", 10_000)))
    assert process.stdout is not None
    first, second = (json.loads(process.stdout.readline()) for _ in range(2))
    for one in followers:
        one.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=20)
    shown, _ = words.communicate(timeout=20)
    assert (process.returncode, words.returncode, rest, errors) == (0, 0, "", "")
    told: list[Any] = [(one["store_id"], one["type"].split(".")[2]) for one in (first, second)]
    assert told == [("77", "StoreAuthorized"), ("77", "CatalogObserved")]
    assert second["data"]["items"][0]["base_price"] == 10_000
    assert len(shown.splitlines()) == 3
    assert "was connected" in shown
    assert "من قبل" not in shown
    wait_until(lambda: passing_consumers(bus) == [], 20, "NATS forgets those who left")


def test_without_streams_it_says_so(own_nats: EmbeddedNats) -> None:  # noqa: F811 - the fixture of that name
    process = follow(own_nats.url, "--json")
    out, _ = process.communicate(timeout=30)
    assert (process.returncode, json.loads(out)["error"]) == (4, "NATS has no stream ONBOARDING")
