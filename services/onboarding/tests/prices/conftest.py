"""A real PostgreSQL, a real sandbox, and stores in both."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from thaman_contracts.events.onboarding import InstallPath
from thaman_contracts.events.optimizer import PriceDecided, Risk
from thaman_contracts.ids import split_item_key, store_uuid
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import SystemClock
from thaman_kit.domain import DomainEvent
from thaman_kit.jobs import JobRunner
from thaman_kit.testing import role_url
from thaman_onboarding import wiring
from thaman_onboarding.adapters.catalogue_store import CatalogueStore
from thaman_onboarding.adapters.rate_budget import RateBudget
from thaman_onboarding.adapters.salla_api import SallaApi
from thaman_onboarding.adapters.store_rows import project_rules, project_store
from thaman_onboarding.adapters.write_store import add_decision
from thaman_onboarding.domain.settling import WritePolicy
from thaman_onboarding.domain.store import Store, StoreFacts
from thaman_onboarding.domain.unauthorized import Action
from thaman_onboarding.errors import NotConnected
from thaman_onboarding.observation.webhooks import OBSERVE

FAST = WritePolicy(settle_grace=0.6, first_backoff=0.05, bulk_poll=0.1, bulk_deadline=3.0, poll_cap=0.5)
SCOPES = ("products.read_write", "orders.read")
LIMITS = {"changes_per_day": 24, "max_step_bp": 5000, "min_margin_bp": 0}


APP = {"client_id": "thaman", "client_secret": "not-a-real-secret"}


class Sandbox:
    """The control side of a running sandbox."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=f"{url}/_sandbox", timeout=20, trust_env=False)

    @property
    def api_url(self) -> str:
        return f"{self.url}/admin/v2"

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        answer = self.http.request(method, path, json=body, params=query or None)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def open_store(self, **given: Any) -> str:
        return str(self.call("POST", "/stores", {"products": 12, "plan": "special", **given})["store_id"])

    def token(self, store_id: str) -> str:
        return str(self.call("POST", f"/stores/{store_id}/tokens")["access_token"])

    def prices(self, store_id: str) -> dict[str, int]:
        return {key: row["base"] for key, row in self.call("GET", f"/stores/{store_id}/prices").items()}

    def products(self, store_id: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.call("GET", f"/stores/{store_id}/products")
        return rows

    def edit(self, store_id: str, key: str, **values: Any) -> None:
        product, variant = split_item_key(key)
        body = values | ({"variant_id": int(variant)} if variant else {})
        self.call("PATCH", f"/stores/{store_id}/products/{product}", body)

    def writes(self, store_id: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.call("GET", "/write-log", store_id=store_id)
        return rows

    def faults(self, store_id: str, **plan: Any) -> None:
        self.call("PUT", "/faults", {"store_id": int(store_id), **plan})

    def switches(self, **values: Any) -> None:
        self.call("PUT", "/switches", values)

    def calls(self, store_id: str) -> Any:
        return self.call("GET", "/calls", store_id=store_id)


@pytest.fixture
def sandbox(salla_server: Any) -> Iterator[Sandbox]:
    """The session's sandbox with its switches as they come; each test opens stores of its own."""
    box = Sandbox(salla_server.url)
    box.call("POST", "/app", APP)
    before = box.call("GET", "/switches")
    box.switches(bulk_delay_ms=50)
    yield box
    box.call("DELETE", "/faults")
    box.switches(**before)
    box.http.close()


@dataclass
class HeldTokens:
    """Tokens that a test hands out; ``dead`` stores have to be reconnected."""

    given: dict[str, str] = field(default_factory=dict)
    reports: list[tuple[str, str]] = field(default_factory=list)
    on_unauthorized: Callable[[str], Action] = lambda store_id: Action.STOP

    async def access_token(self, store_id: str) -> str:
        if store_id not in self.given:
            raise NotConnected("no token")
        return self.given[store_id]

    async def report_unauthorized(self, store_id: str, message: str, token: str | None = None) -> Action:
        self.reports.append((store_id, message))
        return await asyncio.to_thread(self.on_unauthorized, store_id)


class Hooked(httpx.AsyncBaseTransport):
    """The real connection to the sandbox, with a test's hand in it.

    ``before`` runs before a request is sent, ``after`` gets the answer and may return another one.
    """

    def __init__(self) -> None:
        self._real = httpx.AsyncHTTPTransport()
        self.before: Callable[[httpx.Request], None] = lambda request: None
        self.after: Callable[[httpx.Request, httpx.Response], httpx.Response] = lambda request, response: response

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.to_thread(self.before, request)
        response = await self._real.handle_async_request(request)
        await response.aread()
        return await asyncio.to_thread(self.after, request, response)

    async def aclose(self) -> None:
        await self._real.aclose()


class World:
    """One onboarding service on a database of its own, beside the sandbox."""

    def __init__(self, app: EventSourcedApplication, sandbox: Sandbox) -> None:
        self.app = app
        self.sandbox = sandbox
        self.tokens = HeldTokens()
        self.clock = SystemClock()
        self.catalogue = CatalogueStore(app.database)
        self.parts = wiring.Parts(
            app, self.clock, self.tokens, sandbox.api_url, timeout_seconds=2.0, policy=FAST, lease_seconds=5.0
        )
        self.wire = Hooked()
        self.api = SallaApi(sandbox.api_url, self.wire, self.tokens, RateBudget(), httpx.Timeout(2.0, connect=5.0))
        self.runners: dict[str, JobRunner] = self._runners()

    def _runners(self) -> dict[str, JobRunner]:
        runners = (wiring.observing(self.parts, self.api), wiring.writing(self.parts, self.api))
        return {one.queue: one for one in runners}

    def behave(self, **policy: Any) -> None:
        """Let the writer behave otherwise."""
        self.parts = replace(self.parts, policy=replace(FAST, **policy))
        self.runners = self._runners()

    # -- stores ---------------------------------------------------------------------------------------------------

    def connect(self, store_id: str, settings: dict[str, Any] | None = None, **facts: Any) -> None:
        """Let the store be connected here, with the sandbox's facts about it."""
        row = self.sandbox.call("GET", f"/stores/{store_id}")
        known = StoreFacts(
            store_id=store_id,
            name=row["name"],
            domain=None,
            plan=row["plan"],
            store_type="live",
            currency="SAR",
            prices_include_vat=row["prices_include_vat"],
            vat_bp=1500,
            scopes=SCOPES,
        )
        store = Store.new(store_id)
        now = self.clock.now()
        store.authorize(known, InstallPath.CALLBACK, now.replace(microsecond=0), now)
        store.change_settings(LIMITS | (settings or {}), None, "test", now)
        self.tokens.given[store_id] = self.sandbox.token(store_id)
        self._store(store)

    def change(self, store_id: str, change: Callable[[Store], None]) -> None:
        """Do something to the store's aggregate and its read model."""

        def work(uow: UnitOfWork) -> None:
            store = uow.get(Store, store_uuid(store_id))
            change(store)
            project_store(uow, store, self.clock.now())
            project_rules(uow, store_id, tuple(store.rules.values()))

        self.app.execute(work)

    def _store(self, store: Store) -> None:
        def work(uow: UnitOfWork) -> None:
            uow.add(store)
            project_store(uow, store, self.clock.now())

        uow = self.app.unit_of_work()
        work(uow)
        uow.commit()

    # -- jobs -----------------------------------------------------------------------------------------------------

    def enqueue_sweep(self, store_id: str) -> None:
        uow = self.app.unit_of_work()
        uow.enqueue(OBSERVE, f"sweep:{uuid4()}", store_id, {"cause": "sweep"})
        uow.commit()

    async def sweep(self, store_id: str) -> None:
        self.enqueue_sweep(store_id)
        await self.run(OBSERVE)

    async def run(self, *queues: str, within: float = 60.0) -> None:
        """Run the queues' jobs until none waits or runs."""
        stop = asyncio.Event()
        tasks = [asyncio.create_task(self.runners[queue].run(stop)) for queue in queues]
        try:
            async with asyncio.timeout(within):
                while await asyncio.to_thread(self.unfinished, queues):  # noqa: ASYNC110 - what is waited for is in the database
                    await asyncio.sleep(0.02)
        finally:
            stop.set()
            await asyncio.gather(*tasks)

    def unfinished(self, queues: tuple[str, ...]) -> int:
        rows = self.app.database.fetch_all(
            "SELECT count(*) AS n FROM jobs WHERE queue = ANY(%s) AND state IN ('waiting', 'running')", (list(queues),)
        )
        return int(rows[0]["n"])

    def job_states(self, queue: str) -> list[str]:
        rows = self.app.database.fetch_all("SELECT state FROM jobs WHERE queue = %s ORDER BY id", (queue,))
        return [row["state"] for row in rows]

    # -- decisions ------------------------------------------------------------------------------------------------

    def decide(self, store_id: str, key: str, base: int, **given: Any) -> UUID:
        """A decision about an item arrives, by default one that everything allows."""
        decision = self.decision(store_id, key, base, **given)
        uow = self.app.unit_of_work()
        add_decision(uow, decision)
        uow.commit()
        return decision.decision_id

    def decision(self, store_id: str, key: str, base: int, **given: Any) -> PriceDecided:
        store = self.catalogue.store(store_id)
        known = self.catalogue.known(store_id, [key]).get(key)
        assert store is not None
        product, variant = split_item_key(key)
        basis = store.basis
        values: dict[str, Any] = {
            "store_id": store_id,
            "occurred_at": self.clock.now(),
            "proposal_id": uuid4(),
            "run_id": uuid4(),
            "product_id": product,
            "variant_id": variant,
            "decision_id": uuid4(),
            "currency": "SAR",
            "expected_base_price": known.base_price if known else base,
            "base_price": base,
            "shelf_price": basis.shelf(base, taxable=known is None or known.taxable),
            "floor": 1,
            "ceiling": 10**9,
            "max_step_bp": 5000,
            "changes_per_day": 24,
            "prices_include_vat": basis.prices_include_vat,
            "vat_bp": basis.vat_bp,
            "fence": store.fence,
            "settings_version": store.settings_version,
            "risk": Risk.LOW,
            "decided_by": "policy",
            "expires_at": self.clock.now() + timedelta(hours=1),
        }
        return PriceDecided.model_validate(values | given)

    def simple_keys(self, store_id: str) -> list[str]:
        """Items that are simple products, with a cost that any price of the tests exceeds."""
        rows = self.app.database.fetch_all(
            "SELECT key FROM items WHERE store_id = %s AND variant_id IS NULL AND NOT removed"
            " AND NOT (content ->> 'has_variants')::boolean ORDER BY key",
            (store_id,),
        )
        return [row["key"] for row in rows]

    def variant_keys(self, store_id: str) -> list[str]:
        rows = self.app.database.fetch_all(
            "SELECT key FROM items WHERE store_id = %s AND variant_id IS NOT NULL AND NOT removed ORDER BY key",
            (store_id,),
        )
        return [row["key"] for row in rows]

    # -- what was recorded ----------------------------------------------------------------------------------------

    def events(self, *originators: UUID) -> list[DomainEvent]:
        """All stored events in order, or those of some originators."""
        notifications = self.app.recorder.select_notifications(1, 100_000)  # type: ignore[attr-defined]
        events = [self.app.mapper.to_domain_event(one) for one in notifications]
        found = [one for one in events if isinstance(one, DomainEvent)]
        return [one for one in found if not originators or one.originator_id in originators]

    def names(self, decision: UUID) -> list[str]:
        """The names of a decision's events."""
        return [type(one).__name__ for one in self.events(decision)]


@pytest.fixture
async def world(database: str, sandbox: Sandbox) -> AsyncIterator[World]:
    app = EventSourcedApplication.connect("onboarding", role_url(database, "onboarding"), pool_size=10)
    made = World(app, sandbox)
    try:
        yield made
    finally:
        await made.api.close()
        app.close()
