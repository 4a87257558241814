"""Owners' services before which a dashboard stands in tests: on one database, told of events, served over HTTP."""

import asyncio
import base64
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from thaman_contracts.envelope import Envelope, encode
from thaman_contracts.events import EventData, onboarding
from thaman_contracts.events.onboarding import InstallPath
from thaman_contracts.events.optimizer import Offer, OfferFitness
from thaman_contracts.ids import derived_id
from thaman_dashboard.testing import NOW
from thaman_dashboard.testing_events import told
from thaman_kit.clock import ManualClock
from thaman_kit.embedded.databases import Databases
from thaman_kit.embedded.process import free_port
from thaman_kit.jobs import JobQueue
from thaman_kit.keys import NewKey
from thaman_kit.migrate import migrate
from thaman_kit.testing import ROLE_PASSWORD, own_database, role_url, template_database, wait_until
from thaman_onboarding.adapters.store_rows import project_store
from thaman_onboarding.bootstrap import build_container
from thaman_onboarding.domain.store import Store, StoreFacts
from thaman_onboarding.settings import Settings
from thaman_optimizer.bootstrap import build as build_optimizer
from thaman_optimizer.consumers import RUN_QUEUE
from thaman_optimizer.ports import Link, Read
from thaman_optimizer.settings import OptimizerSettings

PEPPER = SecretStr("a-pepper-for-tests-that-is-long-enough")


class Rivals:
    """Rivals' pages: everything costs 97.00 there."""

    async def read(self, links: Sequence[Link], vat_bp: int) -> list[Read]:
        """One usable offer for each link."""
        return [
            Read(
                Offer(
                    product_id=link.product_id, variant_id=link.variant_id, competitor=link.competitor, url=link.url,
                    fitness=OfferFitness.USABLE, price=9_700, currency="SAR", in_stock=True, observed_at=NOW,
                ),
                None,
            )
            for link in links
        ]  # fmt: skip


class Teller:
    """Lets a service hear of events, each at the next place of its publisher's stream."""

    def __init__(self, application: Any, router: Any) -> None:
        self._application, self._router = application, router
        self._place = 0

    def tell(self, *events: EventData) -> None:
        """In one transaction each, as the inbox does."""
        for event in events:
            self._place += 1
            envelope = Envelope(
                event_id=f"{derived_id('told', str(self._place))}:1", service=event.service, type=event.event_type(),
                store_id=event.store_id, time=event.occurred_at, position=self._place, previous=self._place - 1,
            )  # fmt: skip
            unit = self._application.unit_of_work()
            self._router.dispatch(envelope, encode(event.model_dump(mode="json")), unit)
            unit.commit()


@contextmanager
def rooms(server: Databases, template: str, names: Sequence[str]) -> Iterator[tuple[str, Mapping[str, SecretStr]]]:
    """A database with rooms for the services of ``names``: its own address, and each role's."""

    def prepare(url: str) -> None:
        migrate(url, names, dict.fromkeys(names, ROLE_PASSWORD))

    with own_database(server, template=template_database(server, template, prepare)) as url:
        yield url, {name: SecretStr(role_url(url, name)) for name in names}


def onboarding_at(url: SecretStr, clock: ManualClock) -> Any:
    """Onboarding."""
    return build_container(
        Settings(
            database_url=url, api_key_pepper=PEPPER, salla_client_id="x",
            salla_client_secret=SecretStr("x"), webhook_secret=SecretStr("x" * 16),
            vault_keys=SecretStr("k1:" + base64.b64encode(b"k" * 32).decode()),
        ),
        clock=clock,
    )  # fmt: skip


def optimizer_at(url: SecretStr, clock: ManualClock) -> Any:
    """The optimizer, to which rivals' pages are :class:`Rivals`."""
    return build_optimizer(OptimizerSettings(database_url=url, api_key_pepper=PEPPER), clock, Rivals())


def issued(key: NewKey) -> EventData:
    """That an operator's key is in force."""
    return told(
        onboarding.ApiKeyIssued, "system", 0, key_id=key.key_id, key_hash=key.key_hash, scope="operator", label="d"
    )


def connect(onboarding_container: Any, store_id: str) -> None:
    """Let onboarding have a connected store."""

    def work(uow: Any) -> None:
        store = Store.new(store_id)
        facts = StoreFacts(store_id, store_id, None, "pro", "live", "SAR", True, 1_500)
        store.authorize(facts, InstallPath.CALLBACK, NOW, NOW)
        uow.add(store)
        project_store(uow, store, NOW)

    onboarding_container.app.execute(work)


def run_all(optimizer: Any) -> None:
    """Carry out the pricing runs that wait."""
    for job in JobQueue(optimizer.application.database).claim(RUN_QUEUE, 10, 60):
        asyncio.run(optimizer.runs.handle(job))


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The application over HTTP; gives its address."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started, what="an API")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(15)
