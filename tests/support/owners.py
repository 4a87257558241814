"""Onboarding and the optimizer behind a dashboard, over HTTP, for one connected store of the dashboard's tests."""

import asyncio
import base64
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

import thaman_onboarding.api
import thaman_optimizer.api
from thaman_contracts.envelope import Envelope, encode
from thaman_contracts.events import EventData, onboarding
from thaman_contracts.events.onboarding import CatalogItem, InstallPath
from thaman_contracts.events.settings import StoreSettings
from thaman_dashboard.bootstrap import build
from thaman_dashboard.testing import NOW, Streams, settings_for
from thaman_dashboard.testing_events import Run, authorized, observed, told
from thaman_dashboard.testing_pages import House, owners_at
from thaman_kit.clock import ManualClock
from thaman_kit.embedded.databases import Databases
from thaman_kit.embedded.process import free_port
from thaman_kit.jobs import JobQueue
from thaman_kit.migrate import migrate
from thaman_kit.testing import ROLE_PASSWORD, own_database, role_url, template_database, wait_until
from thaman_onboarding.adapters.store_rows import project_store
from thaman_onboarding.bootstrap import build_container
from thaman_onboarding.domain.store import Store, StoreFacts
from thaman_onboarding.settings import Settings
from thaman_optimizer.bootstrap import build as build_optimizer
from thaman_optimizer.consumers import RUN_QUEUE
from thaman_optimizer.consumers import router as optimizer_router
from thaman_optimizer.settings import OptimizerSettings

ROOMS = ("dashboard", "onboarding", "optimizer")
STORE = "77"
PEPPER = SecretStr("a-pepper-for-tests-that-is-long-enough")


@dataclass
class Owned:
    """The services that own things, and the dashboard before them."""

    onboarding: Any
    optimizer: Any
    house: House

    def run(self, name: str) -> None:
        """A pricing run of the store, from its facts as they are."""
        _tell(self.optimizer.application, [Run(STORE, name).asked(2)])
        for job in JobQueue(self.optimizer.application.database).claim(RUN_QUEUE, 10, 60):
            asyncio.run(self.optimizer.runs.handle(job))


@contextmanager
def owned_house(server: Databases, items: Sequence[CatalogItem], settings: StoreSettings) -> Iterator[Owned]:
    """All of them on one database, each with its role, for a store with ``items``; nothing runs by itself."""

    def prepare(url: str) -> None:
        migrate(url, ROOMS, dict.fromkeys(ROOMS, ROLE_PASSWORD))

    clock = ManualClock(NOW + timedelta(minutes=10))
    template = template_database(server, "dashboard_owned", prepare)
    with own_database(server, template=template) as url, ExitStack() as stack:
        database = {room: SecretStr(role_url(url, room)) for room in ROOMS}
        onboard = build_container(
            Settings(
                database_url=database["onboarding"], api_key_pepper=PEPPER, salla_client_id="x",
                salla_client_secret=SecretStr("x"), webhook_secret=SecretStr("x" * 16),
                vault_keys=SecretStr("k1:" + base64.b64encode(b"k" * 32).decode()),
            ),
            clock=clock,
        )  # fmt: skip
        optimize = build_optimizer(OptimizerSettings(database_url=database["optimizer"], api_key_pepper=PEPPER), clock)
        dashboard = build(settings_for(database["dashboard"].get_secret_value()), clock)
        for part in (onboard, optimize, dashboard):
            stack.callback(part.close)
        key = onboard.issue_key("operator", None, "dashboard")
        _connect(onboard)
        known = told(
            onboarding.ApiKeyIssued, "system", 0, key_id=key.key_id, key_hash=key.key_hash, scope="operator", label="d"
        )
        shelf = observed(STORE, 1, *items).model_copy(update={"last_page": True})
        store = authorized(STORE, settings=settings)
        _tell(optimize.application, [known, store, shelf])
        Streams(dashboard).deliver(store, shelf, authorized("78"))
        at_onboarding = stack.enter_context(_served(thaman_onboarding.api.build_api(onboard)))
        at_optimizer = stack.enter_context(_served(thaman_optimizer.api.build_api(optimize)))
        asked = owners_at(key.key.get_secret_value(), onboarding=at_onboarding, optimizer=at_optimizer)
        stack.callback(asked.close)
        yield Owned(onboard, optimize, House(dashboard, asked))


def _connect(container: Any) -> None:
    def work(uow: Any) -> None:
        store = Store.new(STORE)
        facts = StoreFacts(STORE, STORE, None, "pro", "live", "SAR", True, 1_500)
        store.authorize(facts, InstallPath.CALLBACK, NOW, NOW)
        uow.add(store)
        project_store(uow, store, NOW)

    container.app.execute(work)


def _tell(application: Any, events: Sequence[EventData]) -> None:
    for position, event in enumerate(events, 1):
        envelope = Envelope(
            event_id=f"{UUID(int=position)}:1", service=event.service, type=event.event_type(),
            store_id=event.store_id, time=event.occurred_at, position=position, previous=position - 1,
        )  # fmt: skip
        unit = application.unit_of_work()
        optimizer_router.dispatch(envelope, encode(event.model_dump(mode="json")), unit)
        unit.commit()


@contextmanager
def _served(app: FastAPI) -> Iterator[str]:
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
