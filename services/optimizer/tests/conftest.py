"""A store in a database of its own, fed with events as the bus would feed it."""

import asyncio
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from tests.support.asking import PEPPER, Api, issue
from tests.support.facts import make_item, make_offer, make_store

from thaman_contracts.envelope import Envelope, encode
from thaman_contracts.events import EventData, onboarding, scheduler
from thaman_contracts.events.listings import ListingSource
from thaman_contracts.events.onboarding import CatalogItem
from thaman_contracts.events.optimizer import CompetitorLink, CompetitorLinks, Offer, OfferFitness
from thaman_contracts.events.policies import ShadowPrice
from thaman_contracts.events.settings import StoreSettings, SystemSettings
from thaman_contracts.ids import run_id
from thaman_kit.clock import ManualClock
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.jobs import Job, JobQueue
from thaman_kit.migrate import migrate
from thaman_kit.testing import ROLE_PASSWORD, own_database, postgres_server, template_database  # noqa: F401
from thaman_optimizer.adapters.projection import keep
from thaman_optimizer.api import build_api
from thaman_optimizer.bootstrap import Container, build
from thaman_optimizer.consumers import RUN_QUEUE, router
from thaman_optimizer.domain.events import PricesShadowed
from thaman_optimizer.domain.facts import ItemFacts, OfferFacts, StoreFacts
from thaman_optimizer.listing_ports import Look, PageMemory, Wanted
from thaman_optimizer.listings import LOOK_QUEUE
from thaman_optimizer.ports import Link, Read
from thaman_optimizer.settings import OptimizerSettings

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class FakePages:
    """Answers for pages by address; what it was asked for is kept."""

    def __init__(self, clock: ManualClock) -> None:
        self.prices: dict[str, int | None] = {}
        self.asked: list[str] = []
        self._clock = clock

    async def read(self, links: Sequence[Link], vat_bp: int) -> list[Read]:
        """Every link's price as set; ``None`` is an unreachable page."""
        self.asked += [link.url for link in links]
        return [Read(self._offer(link), None) for link in links]

    def _offer(self, link: Link) -> Offer:
        price = self.prices.get(link.url)
        return Offer(
            product_id=link.product_id,
            variant_id=link.variant_id,
            competitor=link.competitor,
            url=link.url,
            fitness=OfferFitness.UNREACHABLE if price is None else OfferFitness.USABLE,
            price=price,
            currency=link.currency,
            in_stock=True,
            observed_at=self._clock.now(),
        )


class FakeLooker:
    """Answers for sources by name; what it was asked for is kept."""

    def __init__(self) -> None:
        self.looks: dict[str, Look] = {}
        self.asked: list[tuple[ListingSource, list[Wanted], dict[str, PageMemory]]] = []

    async def look(self, source: ListingSource, wanted: Sequence[Wanted], known: Mapping[str, PageMemory]) -> Look:
        """The source's look as set."""
        self.asked.append((source, list(wanted), dict(known)))
        return self.looks[source.source_id]


class World:
    """One installation: events come in by :meth:`tell`, runs are done by :meth:`run`."""

    def __init__(
        self, container: Container, clock: ManualClock, pages: FakePages, url: str, looker: FakeLooker | None = None
    ) -> None:
        self.looker = looker or FakeLooker()
        self.container = container
        self.clock = clock
        self.pages = pages
        self.url = url
        self.history: list[tuple[Envelope, bytes]] = []
        self._positions = itertools.count(1)

    def tell(self, event: EventData) -> None:
        """An event of another service arrives."""
        position = next(self._positions)
        envelope = Envelope(
            event_id=f"{UUID(int=position)}:1",
            service=event.service,
            type=event.event_type(),
            store_id=event.store_id,
            time=event.occurred_at,
            position=position,
            previous=position - 1,
        )
        body = encode(event.model_dump(mode="json"))
        self.history.append((envelope, body))
        unit = self.container.application.unit_of_work()
        router.dispatch(envelope, body, unit)
        unit.commit()

    def connect(self, store_id: str = "1", **changes: Any) -> None:
        """A merchant connects a store; ``settings`` change its policy."""
        settings = {"mode": "full_auto", "ending": "exact"} | changes.pop("settings", {})
        given: dict[str, Any] = {
            "store_id": store_id,
            "occurred_at": self.clock.now(),
            "name": "متجر العود",
            "plan": "pro",
            "store_type": "live",
            "currency": "SAR",
            "prices_include_vat": True,
            "vat_bp": 1_500,
            "via": "callback",
            "scopes": (),
            "fence": 0,
            "settings_version": 1,
            "settings": StoreSettings.model_validate(settings),
        }
        self.tell(onboarding.StoreAuthorized(**given | changes))

    def observe(self, *items: CatalogItem, store_id: str = "1", **changes: Any) -> None:
        """The catalogue is read to its end."""
        given: dict[str, Any] = {
            "store_id": store_id,
            "occurred_at": self.clock.now(),
            "source": "sweep",
            "last_page": True,
            "prices_include_vat": True,
            "vat_bp": 1_500,
            "items": items,
        }
        self.tell(onboarding.CatalogObserved(**given | changes))

    def stock(self, count: int, store_id: str = "1", rivals: Sequence[int] = (9_600, 9_700, 9_800)) -> None:
        """``count`` items for 100.00 with links to rivals at the given prices."""
        self.observe(*(catalog_item(str(number)) for number in range(1, count + 1)), store_id=store_id)
        items = []
        for number in range(1, count + 1):
            links = []
            for rival, price in enumerate(rivals):
                url = f"https://rival{rival}.example/{store_id}/{number}"
                self.pages.prices[url] = price
                links.append(CompetitorLink(competitor=f"rival{rival}", url=url))
            items.append(CompetitorLinks(product_id=str(number), links=tuple(links)))
        for first in range(0, count, 200):
            self.container.optimizer.set_links(store_id, items[first : first + 200], "key_1")

    def ask(self, store_id: str = "1", cause: str | None = None) -> UUID:
        """The scheduler asks for a run."""
        wanted = run_id(store_id, cause or self.clock.now().isoformat())
        self.tell(
            scheduler.OptimizationRequested(
                store_id=store_id,
                occurred_at=self.clock.now(),
                run_id=wanted,
                slot=self.clock.now(),
                trigger=scheduler.Trigger.SCHEDULE,
                requested_by="schedule",
            )
        )
        return wanted

    def claim(self) -> list[Job]:
        """Lease what is due, without waiting for real time to pass."""
        return JobQueue(self.container.application.database).claim(RUN_QUEUE, 100, 60)

    def run(self, store_id: str = "1", cause: str | None = None) -> UUID:
        """The scheduler asks for a run, and it is done."""
        wanted = self.ask(store_id, cause)
        for job in self.claim():
            asyncio.run(self.container.runs.handle(job))
        return wanted

    def look(self) -> int:
        """Do all looks that wait; returns how many."""
        done, queue = 0, JobQueue(self.container.application.database)
        while jobs := queue.claim(LOOK_QUEUE, 100, 60):  # of each store one at a time
            for job in jobs:
                asyncio.run(self.container.looking.handle(job))
                if not job.completed:
                    queue.complete(job)
            done += len(jobs)
        return done

    def stop_all(self, stopped: bool = True) -> None:
        """An operator's emergency stop."""
        self.tell(
            onboarding.SystemSettingsChanged(
                store_id="system",
                occurred_at=self.clock.now(),
                settings_version=1,
                settings=SystemSettings(stopped=stopped),
                system_fence=1,
                changed_by="operator",
            )
        )

    def proposals(self, store_id: str = "1", **wanted: Any) -> list[dict[str, Any]]:
        """Rows of proposals, newest first."""
        return self.container.views.proposals(store_id, None, 1_000, **wanted)

    def decisions(self, store_id: str = "1", **wanted: Any) -> list[dict[str, Any]]:
        """Rows of decisions, newest first."""
        return self.container.views.decisions(store_id, None, 1_000, **wanted)

    def report(self, decision: dict[str, Any], event_class: type[EventData], **fields: Any) -> None:
        """Onboarding reports what became of a decision."""
        document = decision["document"]
        names = {
            "store_id": decision["store_id"],
            "occurred_at": self.clock.now(),
            "decision_id": decision["decision_id"],
            "run_id": decision["run_id"],
            "product_id": document["product_id"],
            "variant_id": document["variant_id"],
        }
        self.tell(event_class(**names | fields))

    def applied(self, decision: dict[str, Any]) -> None:
        """The decided price was written and read back."""
        document = decision["document"]
        self.report(
            decision,
            onboarding.PriceApplied,
            old_base_price=document["expected_base_price"],
            base_price=document["base_price"],
            shelf_price=document["shelf_price"],
            settled_by="answer",
        )

    def shadowed(self, version: int, run: UUID, *prices: dict[str, Any], store_id: str = "1") -> None:
        """A run says what a policy in shadow made of items; what is not given of a price was to be written."""
        event = PricesShadowed(
            originator_id=uuid4(),
            originator_version=1,
            store_id=store_id,
            occurred_at=self.clock.now(),
            run_id=run,
            policy_version=version,
            prices=tuple(ShadowPrice.model_validate({"disposition": "write"} | price) for price in prices),
        )
        unit = self.container.application.unit_of_work()
        keep(unit, [event])
        unit.commit()

    def events(self, topic: str | None = None) -> list[dict[str, Any]]:
        """The optimizer's stored events in order."""
        return self.container.application.database.fetch_all(
            "SELECT notification_id, originator_id, originator_version, topic,"
            " convert_from(state, 'UTF8')::jsonb AS state FROM optimizer_events"
            " WHERE %(topic)s::text IS NULL OR topic = %(topic)s ORDER BY notification_id",
            {"topic": topic},
        )


def catalog_item(product_id: str, **changes: Any) -> CatalogItem:
    """An item for 100.00 that costs 50.00."""
    given: dict[str, Any] = {
        "product_id": product_id,
        "name": f"عطر {product_id}",
        "status": "sale",
        "currency": "SAR",
        "base_price": 10_000,
        "shelf_price": 10_000,
        "cost": 5_000,
        "stock": 5,
    }
    return CatalogItem(**given | changes)


def optimizer_settings(url: str, **changes: Any) -> OptimizerSettings:
    """Settings of a process on the database ``url``."""
    given: dict[str, Any] = {"database_url": SecretStr(url), "api_key_pepper": SecretStr(PEPPER)}
    return OptimizerSettings(**given | changes)


@pytest.fixture
def database(postgres_server: EmbeddedPostgres) -> Iterator[str]:  # noqa: F811 - the fixture of that name
    """An empty optimizer's database."""
    with _empty_database(postgres_server) as url:
        yield url


@pytest.fixture
def other_database(postgres_server: EmbeddedPostgres) -> Iterator[str]:  # noqa: F811 - the fixture of that name
    """Another one, for what happens twice."""
    with _empty_database(postgres_server) as url:
        yield url


@contextmanager
def _empty_database(server: EmbeddedPostgres) -> Iterator[str]:
    template = template_database(
        server,
        "optimizer_template",
        lambda url: migrate(url, ["optimizer"], {"optimizer": ROLE_PASSWORD}) and None,
    )
    with own_database(server, template) as url:
        yield url


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at :data:`NOW`."""
    return ManualClock(NOW)


@pytest.fixture
def world(database: str, clock: ManualClock) -> Iterator[World]:
    """An installation without stores."""
    pages = FakePages(clock)
    looker = FakeLooker()
    container = build(optimizer_settings(database), clock, pages, looker=looker)
    try:
        yield World(container, clock, pages, database, looker)
    finally:
        container.close()


@pytest.fixture
def api(world: World) -> Api:
    """The API; its default key is store 1's."""
    world.connect(settings={"mode": "manual"})
    client = Api(build_api(world.container))
    client.headers["Authorization"] = f"Bearer {issue(world, '1')}"
    return client


@pytest.fixture
def store_facts() -> Callable[..., StoreFacts]:
    """Makes store facts."""
    return make_store


@pytest.fixture
def item_facts() -> Callable[..., ItemFacts]:
    """Makes item facts."""
    return make_item


@pytest.fixture
def offer_facts() -> Callable[..., OfferFacts]:
    """Makes offer facts."""
    return make_offer


@pytest.fixture
def item_of() -> Callable[..., CatalogItem]:
    """Makes catalogue items."""
    return catalog_item
