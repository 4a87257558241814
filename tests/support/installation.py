"""All services on one database, without processes: what is recorded, and what each one's inbox then takes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from thaman_audit.bootstrap import build as build_audit
from thaman_audit.testing import NOW
from thaman_audit.testing import settings_for as audit_settings
from thaman_audit.testing_events import authorized, observed, price_change
from thaman_cli.rebuilding.feeding import LOGS
from thaman_cli.world.facts import stored_classes
from thaman_contracts.envelope import Envelope, to_headers
from thaman_contracts.events import EventData, onboarding
from thaman_contracts.events.settings import ItemRule, SystemSettings
from thaman_contracts.ids import SYSTEM, derived_id, store_uuid
from thaman_contracts.subjects import ROOMS, SERVICES, partition_of
from thaman_dashboard.bootstrap import build as build_dashboard
from thaman_dashboard.testing import settings_for as dashboard_settings
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.domain import DomainEvent
from thaman_kit.embedded.databases import Databases
from thaman_kit.errors import Undeliverable
from thaman_kit.inbox import Delivery, Inbox, Verdict
from thaman_kit.migrate import migrate
from thaman_kit.publication import Message, contract_of
from thaman_kit.routing import Router
from thaman_kit.testing import own_database, template_database
from thaman_onboarding.adapters.store_rows import project_key, project_rules, project_store, project_system
from thaman_onboarding.application.published import SUPPLY
from thaman_onboarding.domain import events as stored
from thaman_onboarding.domain.store import Store
from thaman_onboarding.domain.system import SYSTEM_ID, System
from thaman_onboarding.observation.rebuild import fold_events
from thaman_optimizer.adapters.projection import keep
from thaman_optimizer.consumers import router as optimizer_router
from thaman_scheduler.bootstrap import build as build_scheduler
from thaman_scheduler.testing import settings_for as scheduler_settings

STORE, OTHER, GONE = "77", "78", "79"
READERS = {
    "scheduler": ("onboarding",),
    "optimizer": ("onboarding",),
    "audit": ("onboarding", "optimizer"),
    "dashboard": SERVICES,
}
_TIMES = ("authorized_at", "reported_at", "uninstalled_at")
Where = tuple[str, str, int]


class Installation:
    """Records events as their services do, rows and all, and delivers them to the inboxes that read them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._audit = build_audit(audit_settings(url))
        self._scheduler = build_scheduler(scheduler_settings(url))
        self._dashboard = build_dashboard(dashboard_settings(url))
        self.applications: dict[str, EventSourcedApplication] = {
            "onboarding": EventSourcedApplication.connect("onboarding", url),
            "optimizer": EventSourcedApplication.connect("optimizer", url),
            "scheduler": self._scheduler.application,
            "audit": self._audit.application,
            "dashboard": self._dashboard.application,
        }
        self._scheduler.scheduler.ensure_started()
        self._routers: dict[str, Router] = {
            "scheduler": self._scheduler.router,
            "optimizer": optimizer_router,
            "audit": self._audit.router,
            "dashboard": self._dashboard.router,
        }
        self._inboxes: dict[Where, Inbox] = {}
        self._classes = {contract_of(cls): cls for cls in stored_classes() if contract_of(cls)}

    def close(self) -> None:
        """Give all connections back."""
        for application in self.applications.values():
            application.close()

    def record(self, *events: EventData) -> None:
        """Store events and their rows, as their service does."""
        for event in events:
            application = self.applications[event.service]
            application.execute(partial(self._record, event))

    def deliver(self, consumer: str, *, limit: int | None = None) -> int:
        """Let a consumer take what is published and it has not taken, ``limit`` messages at most; gives how many."""
        count = 0
        for service in READERS[consumer]:
            for delivery, partition, position in self._published(consumer, service):
                if limit is not None and count >= limit:
                    return count
                verdict = self.take(consumer, service, partition, [delivery])[0]
                assert verdict.is_settled, (consumer, position, verdict)
                count += 1
        return count

    def deliver_all(self) -> None:
        """Let everybody take everything."""
        for consumer in READERS:
            self.deliver(consumer)

    def take(self, consumer: str, service: str, partition: int, deliveries: Sequence[Delivery]) -> list[Verdict]:
        """One batch for one inbox."""
        where = consumer, service, partition
        inbox = self._inboxes.get(where)
        if inbox is None:
            router = self._routers[consumer]
            inbox = self._inboxes[where] = Inbox(self.applications[consumer], router, service, partition, ())
        return inbox.take(deliveries)

    def refuse(self, consumer: str, service: str, partition: int, delivery: Delivery) -> None:
        """Let a message fail as one does whose effect is refused: it is parked, or waits behind one that is."""

        class Refusing(Router):
            def dispatch(self, envelope: Envelope, body: bytes, unit: UnitOfWork) -> None:
                raise Undeliverable("it cannot be read")

        application = self.applications[consumer]
        (verdict,) = Inbox(application, Refusing(), service, partition, ()).take([delivery])
        assert verdict.is_settled

    def next_delivery(self, consumer: str, service: str) -> tuple[Delivery, int]:
        """The message that a consumer has to take next, and its partition."""
        delivery, partition, _ = next(self._published(consumer, service))
        return delivery, partition

    def _published(self, consumer: str, service: str) -> Iterator[tuple[Delivery, int, int]]:
        application = self.applications[consumer]
        for message in self.messages(service):
            envelope = message.envelope
            partition = partition_of(envelope.store_id)
            if envelope.position > application.position(f"{service}:{partition}"):
                subject = f"evt.{service}.{partition}.store.{envelope.store_id}.{envelope.event_name}"
                yield Delivery(subject, to_headers(envelope), message.body), partition, envelope.position

    def messages(self, service: str) -> list[Message]:
        """What the service's relay would have published by now."""
        application, last_of = self.applications[service], dict[int, int]()
        found = []

        def previous(store_id: str) -> int:
            return last_of.get(partition_of(store_id), 0)

        for row in application.recorder.select_notifications(1, 10_000):
            message = LOGS[service].message_of_row(row, row.id, previous)
            if message is not None:
                last_of[partition_of(message.envelope.store_id)] = row.id
                found.append(message)
        return found

    def _record(self, event: EventData, unit: UnitOfWork) -> None:
        made = self._stored(unit, event)
        if event.service == "optimizer":
            keep(unit, [made])
            return
        if isinstance(event, onboarding.SystemSettingsChanged):
            system = unit.find(System, SYSTEM_ID) or System(SYSTEM_ID)
            system.when(made)
            project_system(unit, system, NOW)
        elif isinstance(made, stored.ApiKeyIssued):
            project_key(unit, made)
        elif made.originator_id == store_uuid(event.store_id):
            store = unit.find(Store, made.originator_id) or Store(made.originator_id)
            store.when(made)
            store.version = made.originator_version
            project_store(unit, store, NOW)
            project_rules(unit, store.store_id, tuple(store.rules.values()))
        else:
            fold_events([made], unit)
        unit.record(made)

    def _stored(self, unit: UnitOfWork, event: EventData) -> DomainEvent:
        cls = self._classes[next(base for base in type(event).__mro__ if base in self._classes)]
        originator, version = uuid4(), 1
        if cls.topic.startswith("store."):
            originator = store_uuid(event.store_id)
            known = unit.find(Store, originator)
            version = known.version + 1 if known else 1
        elif cls.topic.startswith("system."):
            known_system = unit.find(System, SYSTEM_ID)
            originator, version = SYSTEM_ID, known_system.version + 1 if known_system else 1
        names: dict[str, Any] = {"originator_id": originator, "originator_version": version}
        private = {name: event.occurred_at for name in _TIMES if name in cls.model_fields}
        assert cls not in SUPPLY or private, f"{cls.__name__} has private fields that nothing stands in for"
        return cls.model_validate(event.model_dump() | names | private)


@contextmanager
def own_installation(server: Databases) -> Iterator[Installation]:
    """An installation on a database of its own, in which :func:`life` has happened and everybody has read of it."""
    template = template_database(server, "installation_template", _prepare)
    with own_database(server, template=template) as url, installed(url) as installation:
        yield installation


def _prepare(url: str) -> None:
    migrate(url, ROOMS)
    with installed(url) as installation:
        installation.record(*life())
        installation.deliver_all()


@contextmanager
def installed(url: str) -> Iterator[Installation]:
    """An installation on a migrated database."""
    installation = Installation(url)
    try:
        yield installation
    finally:
        installation.close()


def life() -> Iterator[EventData]:
    """Two stores with prices, rules, orders and a run, one that went; settings of the installation, and keys."""
    for store_id in (STORE, OTHER):
        yield authorized(store_id)
        yield observed(store_id, ("1", 10_000), ("2", 5_000), ("3", 700))
        yield from price_change(store_id, "1", 10_000, 9_900)
        yield observed(store_id, ("2", 5_100), minutes=6)
        yield observed(store_id, ("2", 5_200), minutes=8)
        yield onboarding.ItemRulesChanged(
            store_id=store_id,
            occurred_at=NOW + timedelta(minutes=9),
            rules=(ItemRule(product_id="2", min_price=4_000),),
            changed_by="key_1",
        )
        yield sale(store_id, "o1", 3)
        yield key(f"key_{store_id}", store_id)
    yield from gone()
    yield key("key_1", None)
    yield onboarding.SystemSettingsChanged(
        store_id=SYSTEM,
        occurred_at=NOW + timedelta(minutes=20),
        settings_version=1,
        settings=SystemSettings(retention_keep_days=400),
        system_fence=0,
        changed_by="operator",
    )


def gone() -> Iterator[EventData]:
    """All that can happen to a store, to its end."""

    def told(kind: type[EventData], minutes: int, **fields: Any) -> EventData:
        return kind(store_id=GONE, occurred_at=NOW + timedelta(minutes=minutes), **fields)

    yield authorized(GONE)
    yield observed(GONE, ("1", 400), ("2", 300), ("3", 200))
    yield told(onboarding.StorePaused, 10, fence=1, reason="عيد", paused_by="key_1")
    yield told(onboarding.StoreResumed, 11, fence=1, resumed_by="key_1")
    yield told(onboarding.EntitlementChanged, 12, status="active", ends_on=NOW.date())
    yield told(onboarding.CatalogItemsRemoved, 13, keys=("3",))
    yield told(onboarding.StoreUninstalled, 14, fence=2)


def sale(store_id: str, order_id: str, pieces: int) -> EventData:
    """An order of item 2."""
    line = onboarding.OrderLine(product_id="2", quantity=pieces, unit_price=5_000)
    return onboarding.SalesObserved(
        store_id=store_id,
        occurred_at=NOW + timedelta(minutes=10),
        order_id=order_id,
        placed_at=NOW,
        source=onboarding.ObservationSource.SWEEP,
        state=onboarding.OrderState.COUNTED,
        lines=(line,),
    )


def key(key_id: str, store_id: str | None) -> EventData:
    """A key for an operator, or for one store."""
    return onboarding.ApiKeyIssued(
        store_id=store_id or SYSTEM,
        occurred_at=NOW,
        key_id=key_id,
        key_hash=str(derived_id("hash", key_id)),
        scope="store" if store_id else "operator",
        label="مفتاح",
        expires_at=None,
    )
