"""The three process types as they are deployed: own role, own ports, real bus; killed and started again."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from thaman_contracts.envelope import Envelope, encode, from_headers, to_headers
from thaman_contracts.events import EventData, model_of, onboarding, scheduler
from thaman_contracts.events.settings import StoreSettings
from thaman_contracts.ids import run_id
from thaman_contracts.subjects import subject_of
from thaman_kit.embedded import EmbeddedNats
from thaman_kit.embedded.process import free_port
from thaman_kit.keys import NewKey
from thaman_kit.nats import BusSettings, connect, disconnect
from thaman_kit.provisioning import provision
from thaman_kit.testing import own_nats, role_url, wait_until  # noqa: F401

pytestmark = pytest.mark.timeout(300)

STORE = "77"
PEPPER = "p" * 40


class Installation:
    """Processes of the optimizer around one database and one bus; stores' events come from here."""

    def __init__(self, database: str, nats: EmbeddedNats, folder: Path) -> None:
        self.database = database
        self.nats = nats
        self.folder = folder
        self.bus = BusSettings(servers=(nats.url,))
        self.port = free_port()
        self._positions = {"onboarding": 0, "scheduler": 0}
        asyncio.run(provision(self.bus))

    @contextmanager
    def process(self, kind: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
        """One process; what it said is printed when the test fails."""
        given = {
            "THAMAN_DATABASE_URL": role_url(self.database, "optimizer"),
            "THAMAN_NATS_URL": self.nats.url,
            "THAMAN_API_KEY_PEPPER": PEPPER,
            "THAMAN_HTTP_PORT": str(self.port),
            "THAMAN_HEALTH_PORT": "0",
            "THAMAN_LOG_FORMAT": "text",
            "THAMAN_OPTIMIZER_LEASE_SECONDS": "1",
        }
        with (self.folder / f"{kind}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "thaman_optimizer", kind],
                env={**os.environ, **given, **environment},
                stderr=log,
                stdout=log,
            )
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
                    process.wait(15)
                print((self.folder / f"{kind}.log").read_text()[-4_000:])

    def tell(self, *events: EventData) -> None:
        """Events of other services are published."""
        asyncio.run(self._publish(events))

    async def _publish(self, events: tuple[EventData, ...]) -> None:
        connection = await connect(self.bus, "test")
        try:
            for event in events:
                position = self._positions[event.service] + 1
                envelope = Envelope(
                    event_id=f"{UUID(int=position)}:1",
                    service=event.service,
                    type=event.event_type(),
                    store_id=event.store_id,
                    time=event.occurred_at,
                    position=position,
                    previous=position - 1,
                )
                self._positions[event.service] = position
                subject = subject_of(event.service, event.store_id, event.event_name())
                body = encode(event.model_dump(mode="json"))
                await connection.jetstream().publish(subject, body, headers=to_headers(envelope))
        finally:
            await disconnect(connection)

    def published(self, name: str) -> list[EventData]:
        """What the relay put on the optimizer's stream under an event name."""
        return asyncio.run(self._read(name))

    async def _read(self, name: str) -> list[EventData]:
        connection = await connect(self.bus, "test")
        try:
            stream = connection.jetstream()
            info = await stream.stream_info("OPTIMIZER")
            messages = [await stream.get_msg("OPTIMIZER", seq=seq) for seq in range(1, info.state.messages + 1)]
        finally:
            await disconnect(connection)
        envelopes = [(from_headers(message.headers), message.data or b"") for message in messages]
        return [model_of(one.type).model_validate_json(body) for one, body in envelopes if one.event_name == name]

    def count(self, topic: str) -> int:
        """How many events of a topic are stored."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute(
                "SELECT count(*) FROM optimizer.optimizer_events WHERE topic = %s", (topic,)
            ).fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture
def installation(database: str, own_nats: EmbeddedNats, tmp_path: Path) -> Installation:  # noqa: F811
    """An installation with a connected store of 300 items, below their floor so that they are asked for."""
    return Installation(database, own_nats, tmp_path)


def opening(item_of: Callable[..., Any], items: int, **settings: Any) -> tuple[EventData, ...]:
    """What onboarding says of a store whose items stand below the floor that their rules set."""
    now = datetime.now(UTC)
    catalogue = tuple(item_of(str(number), cost=8_900) for number in range(1, items + 1))
    return (
        onboarding.StoreAuthorized(
            store_id=STORE,
            occurred_at=now,
            name="متجر",
            plan="pro",
            store_type="live",
            currency="SAR",
            prices_include_vat=True,
            vat_bp=1_500,
            via="callback",
            scopes=(),
            fence=0,
            settings_version=1,
            settings=StoreSettings.model_validate({"ending": "exact"} | settings),
        ),
        onboarding.CatalogObserved(
            store_id=STORE,
            occurred_at=now,
            source="sweep",
            last_page=True,
            prices_include_vat=True,
            vat_bp=1_500,
            items=catalogue,
        ),
    )


def request(cause: str) -> scheduler.OptimizationRequested:
    """The scheduler asks for a run."""
    now = datetime.now(UTC)
    return scheduler.OptimizationRequested(
        store_id=STORE,
        occurred_at=now,
        run_id=run_id(STORE, cause),
        slot=now - timedelta(minutes=1),
        trigger=scheduler.Trigger.RUN_NOW,
        requested_by="me",
    )


def test_from_the_bus_through_a_run_and_an_approval_to_the_bus(
    installation: Installation, item_of: Callable[..., Any]
) -> None:
    key = NewKey.generate(PEPPER)
    issued = onboarding.ApiKeyIssued(
        store_id=STORE,
        occurred_at=datetime.now(UTC),
        key_id=key.key_id,
        key_hash=key.key_hash,
        scope="store",
        label="test",
    )
    headers = {"Authorization": f"Bearer {key.key.get_secret_value()}"}
    address = f"http://127.0.0.1:{installation.port}/stores/{STORE}"
    with (
        installation.process("worker") as worker,
        installation.process("relay") as relay,
        installation.process("api") as api,
    ):
        installation.tell(issued, *opening(item_of, 3), request("one"))
        wait_until(lambda: installation.count("run.Completed") == 1, 120, "the run")
        with httpx.Client(headers=headers, trust_env=False) as client:
            wait_until(lambda: _answers(client, f"{address}/runs"), 60, "the API")
            asked = client.get(f"{address}/proposals", params={"state": "pending"}).json()["items"]
            assert len(asked) == 3
            approved = client.post(f"{address}/proposals/{asked[0]['proposal_id']}/approve")
            assert approved.status_code == 200, approved.text
            assert client.post(f"{address}/runs").status_code == 202
        wait_until(lambda: len(installation.published("PriceDecided")) == 1, 60, "the decision on the bus")
        wait_until(lambda: len(installation.published("RunRequested")) == 1, 60, "the request on the bus")
        (decided,) = installation.published("PriceDecided")
        assert decided.floor == decided.base_price == 11_373  # type: ignore[attr-defined]
        assert len(installation.published("PriceProposed")) == 3
        for process in (worker, relay, api):
            process.send_signal(signal.SIGTERM)
        assert [process.wait(30) for process in (worker, relay, api)] == [0, 0, 0]


@pytest.mark.parametrize(
    "place",
    [
        "optimizer.run.between_saves",
        "optimizer.run.before_completed",
        "optimizer.run.after_completed",
    ],
)
def test_a_worker_killed_anywhere_in_a_run_says_everything_once(
    place: str, installation: Installation, item_of: Callable[..., Any]
) -> None:
    installation.tell(*opening(item_of, 300), request("one"))
    with installation.process("worker", THAMAN_FAULTPOINT=place) as doomed:
        assert doomed.wait(120) == -signal.SIGKILL
    with installation.process("worker"):
        wait_until(lambda: installation.count("run.Completed") == 1, 120, "the run")
    assert installation.count("run.Started") == 1
    assert installation.count("run.MarketScouted") == 1
    assert installation.count("proposal.Proposed") == 300
    assert installation.count("run.Completed") == 1
    with psycopg.connect(installation.database) as connection:
        statistics, rows = connection.execute(
            "SELECT statistics, (SELECT count(*) FROM optimizer.proposals) FROM optimizer.runs"
        ).fetchone() or ({}, 0)
    assert statistics["asked"] == rows == 300


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).status_code == 200
    except httpx.HTTPError:
        return False


def test_a_wrong_setting_is_told_and_ends_with_78(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("THAMAN_")}
    done = subprocess.run(
        [sys.executable, "-m", "thaman_optimizer", "worker"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 78
    assert "THAMAN_DATABASE_URL" in done.stderr
