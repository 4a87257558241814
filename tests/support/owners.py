"""Onboarding and the optimizer behind a dashboard, over HTTP, for one connected store of the dashboard's tests."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import thaman_onboarding.api
import thaman_optimizer.api
from tests.support.standing import Teller, connect, issued, onboarding_at, optimizer_at, rooms, run_all, served
from thaman_contracts.events.onboarding import CatalogItem
from thaman_contracts.events.settings import StoreSettings
from thaman_dashboard.bootstrap import build
from thaman_dashboard.testing import NOW, Streams, settings_for
from thaman_dashboard.testing_events import Run, authorized, observed
from thaman_dashboard.testing_pages import House, owners_at
from thaman_kit.clock import ManualClock
from thaman_kit.embedded.databases import Databases
from thaman_optimizer.consumers import router as optimizer_router

ROOMS = ("dashboard", "onboarding", "optimizer")
STORE = "77"


@dataclass
class Owned:
    """The services that own things, and the dashboard before them."""

    onboarding: Any
    optimizer: Any
    house: House
    hearing: Teller

    def run(self, name: str) -> None:
        """A pricing run of the store, from its facts as they are."""
        self.hearing.tell(Run(STORE, name).asked(2))
        run_all(self.optimizer)


@contextmanager
def owned_house(server: Databases, items: Sequence[CatalogItem], settings: StoreSettings) -> Iterator[Owned]:
    """All of them on one database, each with its role, for a store with ``items``; nothing runs by itself."""
    clock = ManualClock(NOW + timedelta(minutes=10))
    with rooms(server, "dashboard_owned", ROOMS) as (_, database), ExitStack() as stack:
        onboard = onboarding_at(database["onboarding"], clock)
        optimize = optimizer_at(database["optimizer"], clock)
        dashboard = build(settings_for(database["dashboard"].get_secret_value()), clock)
        for part in (onboard, optimize, dashboard):
            stack.callback(part.close)
        key = onboard.issue_key("operator", None, "dashboard")
        connect(onboard, STORE)
        shelf = observed(STORE, 1, *items).model_copy(update={"last_page": True})
        store = authorized(STORE, settings=settings)
        hearing = Teller(optimize.application, optimizer_router)
        hearing.tell(issued(key), store, shelf)
        Streams(dashboard).deliver(store, shelf, authorized("78"))
        at_onboarding = stack.enter_context(served(thaman_onboarding.api.build_api(onboard)))
        at_optimizer = stack.enter_context(served(thaman_optimizer.api.build_api(optimize)))
        asked = owners_at(key.key.get_secret_value(), onboarding=at_onboarding, optimizer=at_optimizer)
        stack.callback(asked.close)
        yield Owned(onboard, optimize, House(dashboard, asked), hearing)
