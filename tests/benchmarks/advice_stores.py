"""The stores of ``tests.benchmarks.advice``: each the same, with an optimizer of its own on one database."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pydantic import SecretStr

from tests.benchmarks.errors import Disagreement
from tests.benchmarks.workload import RIVALS, offers_for
from thaman_contracts.envelope import Envelope, encode
from thaman_contracts.events import EventData, onboarding, scheduler
from thaman_contracts.events.onboarding import CatalogItem, OrderLine, OrderState
from thaman_contracts.events.optimizer import CompetitorLink, CompetitorLinks, Offer, OfferFitness
from thaman_contracts.events.settings import AdviceMode, AutomationMode, StoreSettings
from thaman_contracts.ids import run_id
from thaman_kit.jobs import Job, JobQueue
from thaman_optimizer.adapters.crew.advisor import CrewAdvisor
from thaman_optimizer.bootstrap import Container, build
from thaman_optimizer.consumers import RUN_QUEUE, router
from thaman_optimizer.ports import Link, Read
from thaman_optimizer.runs import Runs
from thaman_optimizer.settings import OptimizerSettings

WEEKS = 26
"""Weeks of orders that each store has."""

_A_FEW = 200
_LEASE_S = 600.0


class SeededPages:
    """Rivals' offers as the workload has them; they are read once, before anything is timed."""

    async def read(self, links: Sequence[Link], vat_bp: int) -> list[Read]:
        """An offer for every link."""
        return [Read(_offer(link), None) for link in links]


def _offer(link: Link) -> Offer:
    item = _item(link.product_id)
    # The first store's offers for all: the sides have to do the same work.
    seeded = next(one for one in offers_for("1", item, datetime.now(UTC)) if one.competitor == link.competitor)
    return Offer(
        product_id=link.product_id,
        competitor=link.competitor,
        url=link.url,
        fitness=OfferFitness.USABLE,
        price=seeded.price,
        currency="SAR",
        in_stock=True,
        observed_at=seeded.observed_at,
    )


def _item(product_id: str) -> CatalogItem:
    price = 5_000 + 37 * int(product_id)
    return CatalogItem(
        product_id=product_id,
        name=f"عطر {product_id}",
        status=onboarding.ItemStatus.SALE,
        currency="SAR",
        base_price=price,
        shelf_price=price,
        cost=price // 2,
        stock=40,
    )


@dataclass(frozen=True)
class Stores:
    """One store for each name, whose number is its place."""

    names: tuple[str, ...]
    containers: Mapping[str, Container]
    products: int

    @classmethod
    @contextmanager
    def on(cls, url: str, advisors: Mapping[str, CrewAdvisor | None], products: int) -> Iterator["Stores"]:
        """The stores on a database, with what they know; those that have an advisor want advice."""
        # So many failures that the endpoint is asked in every run.
        settings = OptimizerSettings(
            database_url=SecretStr(url), api_key_pepper=SecretStr("p" * 40), optimizer_crew_failures=100
        )
        containers = {name: build(settings, pages=SeededPages(), advisor=advisor) for name, advisor in advisors.items()}
        try:
            stores = cls(tuple(advisors), containers, products)
            for name in stores.names:
                _Seeding(containers[name], stores.store_id(name)).all(products, advised=advisors[name] is not None)
            yield stores
        finally:
            for container in containers.values():
                container.close()

    def store_id(self, name: str) -> str:
        """The store's id."""
        return str(self.names.index(name) + 1)

    def runs(self, name: str) -> Runs:
        """What does the store's runs."""
        return self.containers[name].runs

    def ask(self, name: str, number: int) -> Job:
        """The store's next run, as a job to be done."""
        container, store = self.containers[name], self.store_id(name)
        now = datetime.now(UTC)
        wanted = scheduler.OptimizationRequested(
            store_id=store, occurred_at=now, run_id=run_id(store, str(number)), slot=now,
            trigger=scheduler.Trigger.SCHEDULE, requested_by="schedule",
        )  # fmt: skip
        _Seeding(container, store).tell(wanted)
        (job,) = JobQueue(container.application.database).claim(RUN_QUEUE, 1, _LEASE_S)
        return job

    def check(self, name: str, number: int) -> None:
        """The run was done, and asked about exactly where it should be.

        Raises:
            Disagreement: it was not.
        """
        store = self.store_id(name)
        row = self.containers[name].views.run(store, run_id(store, str(number)))
        said = row and row["statistics"] and row["statistics"]["analysed"]
        reason = row and row["advice"] and row["advice"]["reason"]
        expected = (None, "endpoint_refused", "timeout")[self.names.index(name)]
        if said != self.products or reason != expected:
            raise Disagreement(f"{name}: {said} of {self.products} items analysed, no advice because of {reason}")


class _Seeding:
    """What other services tell a store's optimizer."""

    _positions = itertools.count(1)

    def __init__(self, container: Container, store_id: str) -> None:
        self._container = container
        self._store_id = store_id

    def all(self, products: int, *, advised: bool) -> None:
        """A connected store with its catalogue, links and orders."""
        now = datetime.now(UTC)
        ids = [str(number) for number in range(1, products + 1)]
        advice = AdviceMode.CREW if advised else AdviceMode.OFF
        self.tell(
            onboarding.StoreAuthorized(
                store_id=self._store_id, occurred_at=now, name="متجر", plan="pro", store_type="live", currency="SAR",
                prices_include_vat=True, vat_bp=1_500, via=onboarding.InstallPath.CALLBACK, scopes=(), fence=0,
                settings_version=1, settings=StoreSettings(mode=AutomationMode.MANUAL, advice=advice),
            )
        )  # fmt: skip
        for first in range(0, products, _A_FEW):
            page = ids[first : first + _A_FEW]
            self.tell(
                onboarding.CatalogObserved(
                    store_id=self._store_id, occurred_at=now, source=onboarding.ObservationSource.SWEEP,
                    last_page=page[-1] == ids[-1], prices_include_vat=True, vat_bp=1_500, items=tuple(map(_item, page)),
                )
            )  # fmt: skip
            self._container.optimizer.set_links(self._store_id, [self._links(one) for one in page], "key_1")
        for week in range(WEEKS, 0, -1):
            self._sell(ids, now - timedelta(weeks=week), week)

    def _links(self, product_id: str) -> CompetitorLinks:
        links = (
            CompetitorLink(competitor=rival, url=f"https://{rival}.example/{self._store_id}/{product_id}")
            for rival in RIVALS
        )
        return CompetitorLinks(product_id=product_id, links=tuple(links))

    def _sell(self, ids: Sequence[str], at: datetime, week: int) -> None:
        lines = tuple(
            OrderLine(product_id=one, quantity=1 + (week + int(one)) % 4, unit_price=_item(one).shelf_price)
            for one in ids
        )
        self.tell(
            onboarding.SalesObserved(
                store_id=self._store_id, occurred_at=at, order_id=f"{week}", state=OrderState.COUNTED, placed_at=at,
                source=onboarding.ObservationSource.SWEEP, lines=lines,
            )
        )  # fmt: skip

    def tell(self, event: EventData) -> None:
        """An event arrives."""
        position = next(self._positions)
        envelope = Envelope(
            event_id=f"{UUID(int=position)}:1", service=event.service, type=event.event_type(), store_id=event.store_id,
            time=event.occurred_at, position=position, previous=position - 1,
        )  # fmt: skip
        unit = self._container.application.unit_of_work()
        router.dispatch(envelope, encode(event.model_dump(mode="json")), unit)
        unit.commit()
