"""The services behind the dashboard's pages, with the store of :mod:`tests.benchmarks.dashboard_events` in them.

Each owner is the real one on its own tables, served over HTTP. The optimizer knows all items, half of them with rivals'
links, and makes two real runs over them; what it says there, and that its decisions were written, is told to the audit
and the dashboard after the history, so that every id on a page is known to who is asked about it. Of the sales it knows
the last :data:`ORDERS`.
"""

import multiprocessing
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any

from pydantic import SecretStr

import thaman_audit.api
import thaman_onboarding.api
import thaman_optimizer.api
import thaman_scheduler.api
from tests.benchmarks.dashboard_events import SETTINGS, STORE, Store, links_of, order, rule_of
from tests.support.standing import connect, issued, onboarding_at, optimizer_at, run_all, served
from thaman_audit.bootstrap import Container as Audit
from thaman_audit.bootstrap import build as build_audit
from thaman_audit.testing import KEY
from thaman_audit.testing import Streams as AuditStreams
from thaman_audit.testing import settings_for as audit_settings
from thaman_contracts.envelope import Envelope, encode
from thaman_contracts.events import REGISTRY, EventData, onboarding, optimizer
from thaman_contracts.events.licences import DiscountLicence
from thaman_contracts.events.optimizer import CompetitorLink, CompetitorLinks
from thaman_contracts.events.policies import PolicyStage, PricePolicy, ScopedStrategy
from thaman_contracts.events.settings import Strategy
from thaman_contracts.ids import derived_id
from thaman_contracts.subjects import partition_of
from thaman_dashboard.bootstrap import Container as Dashboard
from thaman_dashboard.bootstrap import build
from thaman_dashboard.testing import NOW, Streams, settings_for
from thaman_dashboard.testing_events import Run, authorized
from thaman_kit.clock import ManualClock
from thaman_kit.collector import calmed
from thaman_kit.keys import NewKey
from thaman_optimizer.consumers import router as optimizer_router
from thaman_optimizer.publication import PUBLICATION
from thaman_scheduler.bootstrap import build as build_scheduler
from thaman_scheduler.testing import settings_for as scheduler_settings

AT = NOW + timedelta(minutes=10)
"""When the pages are looked at."""

ORDERS, LICENCES, KEYS, RUNS = 5_000, 12, 4, 2
TOLD = 100
PAGE_OF_LINKS = 200


@dataclass
class Owners:
    """All services of one installation, and where they answer."""

    clock: ManualClock
    dashboard: Dashboard
    audit: Audit
    optimizer: Any
    onboarding: Any
    scheduler: Any

    @classmethod
    def at(cls, urls: dict[str, SecretStr], stack: ExitStack) -> "Owners":
        """Build them; ``urls`` are each role's."""
        clock = ManualClock(AT)
        built = cls(
            clock,
            build(settings_for(urls["dashboard"].get_secret_value(), database_pool_size=8), clock),
            build_audit(audit_settings(urls["audit"].get_secret_value(), audit_keys=KEY), clock),
            optimizer_at(urls["optimizer"], clock),
            onboarding_at(urls["onboarding"], clock),
            build_scheduler(scheduler_settings(urls["scheduler"].get_secret_value()), clock),
        )
        for part in (built.dashboard, built.audit, built.optimizer, built.onboarding, built.scheduler):
            stack.callback(part.close)
        return built

    @contextmanager
    def served(self) -> Iterator[dict[str, str]]:
        """Where each owner's API is, by service."""
        with ExitStack() as stack:
            yield {
                "audit": stack.enter_context(served(thaman_audit.api.build_api(self.audit))),
                "optimizer": stack.enter_context(served(thaman_optimizer.api.build_api(self.optimizer))),
                "onboarding": stack.enter_context(served(thaman_onboarding.api.build_api(self.onboarding))),
                "scheduler": stack.enter_context(served(thaman_scheduler.api.build_api(self.scheduler))),
            }


@dataclass(frozen=True)
class Beside:
    """Owners in a process of their own: where each answers, and the process's id."""

    addresses: dict[str, str]
    pid: int


@contextmanager
def beside(urls: dict[str, SecretStr]) -> Iterator[Beside]:
    """All owners' APIs as in an installation, where a page shares no interpreter with an owner that works for long."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    secrets = {name: url.get_secret_value() for name, url in urls.items()}
    process = context.Process(target=_serve, args=(secrets, there), daemon=True)
    process.start()
    there.close()
    try:
        yield Beside(here.recv(), process.pid or 0)
    finally:
        here.close()
        process.join(30)


def _serve(urls: dict[str, str], parent: Connection) -> None:
    """Serve until the parent is gone."""
    with ExitStack() as stack:
        owners = Owners.at({name: SecretStr(url) for name, url in urls.items()}, stack)
        addresses = stack.enter_context(owners.served())
        stack.enter_context(calmed())  # as in every process of a service
        parent.send(addresses)
        with suppress(EOFError):
            parent.recv()


def settle(owners: Owners, store: Store, places: dict[str, int]) -> NewKey:
    """Let the owners know the store, and the audit and the dashboard what they did since; gives an operator's key.

    ``places`` are how far each service's stream is.
    """
    key: NewKey = owners.onboarding.issue_key("operator", None, "dashboard")
    known = [issued(key), authorized(STORE, settings=SETTINGS)]
    _onboard(owners, store)
    _tell(owners.scheduler.application, owners.scheduler.router, known)
    _tell(owners.optimizer.application, optimizer_router, [*known, *_shelf(store)])
    orders = [order(number, -number // 4 - 60, store.products) for number in range(min(ORDERS, store.products))]
    _tell(owners.optimizer.application, optimizer_router, orders, "orders")
    _link(owners, store)
    _policies(owners)
    streams = Streams(owners.dashboard), AuditStreams(owners.audit)
    for stream in streams:
        _go_on(stream, places)
    _both(streams, [known[0], *_said(owners, 0)])
    for number in range(RUNS):
        _both(streams, _run(owners, number))
    assert owners.audit.sealer is not None
    owners.audit.sealer.seal_if_due()
    with owners.dashboard.application.database.transaction() as cursor:
        cursor.execute("INSERT INTO pulse (at) VALUES (%s)", (AT,))
    return key


def _shelf(store: Store) -> Iterator[EventData]:
    pages = list(store.catalogue(1))
    yield from pages[:-1]
    yield pages[-1].model_copy(update={"last_page": True})
    ruled = [rule_of(key) for key in store.keys if int(key) % 20 == 0]
    yield onboarding.ItemRulesChanged(store_id=STORE, occurred_at=AT, rules=tuple(ruled), changed_by="key_1")


def _onboard(owners: Owners, store: Store) -> None:
    connect(owners.onboarding, STORE)
    for number in range(KEYS):
        owners.onboarding.issue_key("store", STORE, f"key {number}")
    for number in range(LICENCES):
        begins = date(2026, 1 + number, 1)
        licence = DiscountLicence(
            number=f"L-{number}", authority="MOC", kind="seasonal", starts_on=begins, ends_on=begins + timedelta(20)
        )
        owners.onboarding.licences.record(STORE, licence, "key_1")


def _link(owners: Owners, store: Store) -> None:
    linked = [key for key in store.keys if links_of(key)]
    for start in range(0, len(linked), PAGE_OF_LINKS):
        items = [
            CompetitorLinks(
                product_id=key,
                links=tuple(CompetitorLink(competitor=rival, url=url) for rival, url in links_of(key)),
            )
            for key in linked[start : start + PAGE_OF_LINKS]
        ]
        owners.optimizer.optimizer.set_links(STORE, items, "key_1")


def _policies(owners: Owners) -> None:
    """Twelve of them: one live, one that is tried beside it, the rest drafts."""
    for number in range(12):
        strategies = (ScopedStrategy(kind=Strategy.UNDERCUT, by_bp=100 + number * 10),)
        owners.optimizer.policies.draft(STORE, PricePolicy(title=f"سياسة {number}", strategies=strategies), "key_1")
    owners.optimizer.policies.stage(STORE, 1, PolicyStage.LIVE, None, "key_1")
    owners.optimizer.policies.stage(STORE, 2, PolicyStage.SHADOW, None, "key_1")


def _run(owners: Owners, number: int) -> list[EventData]:
    """A real run over all items, and what onboarding says of the decisions of the first."""
    run, before = Run(STORE, f"real{number}"), _last(owners)
    asked = run.asked(2 + number)
    _tell(owners.optimizer.application, optimizer_router, [asked], f"run {number}")
    run_all(owners.optimizer)
    said = list(_said(owners, before))
    decided = [one for one in said if isinstance(one, optimizer.PriceDecided)]
    written = [event for one in decided if number == 0 for event in _written(one)]
    _tell(owners.optimizer.application, optimizer_router, written, f"written {number}")
    return [asked, *said, *written]


def _written(decided: optimizer.PriceDecided) -> Iterator[EventData]:
    named = {name: getattr(decided, name) for name in ("store_id", "decision_id", "run_id", "product_id", "variant_id")}
    prices = {"old_base_price": decided.expected_base_price, "base_price": decided.base_price}
    yield onboarding.PriceWriteStarted(
        **named, occurred_at=AT, attempt=1, call="single", expected_base_price=decided.expected_base_price,
        target_base_price=decided.base_price, fence=0,
    )  # fmt: skip
    yield onboarding.PriceApplied(
        **named, **prices, occurred_at=AT, shelf_price=decided.shelf_price, settled_by="answer"
    )


def _last(owners: Owners) -> int:
    return owners.optimizer.application.recorder.max_notification_id() or 0


def _said(owners: Owners, after: int) -> Iterator[EventData]:
    """What the optimizer stored after a place, as it would publish it."""
    application = owners.optimizer.application
    while page := application.recorder.select_notifications(after, 1_000, inclusive_of_start=False):
        for row in page:
            message = PUBLICATION.message_of(application.mapper.to_domain_event(row), row.id, 0)
            if message is not None:
                yield REGISTRY[message.envelope.type].model_validate_json(message.body)
        after = page[-1].id


def _tell(application: Any, router: Any, events: Iterable[EventData], named: str = "first") -> None:
    """Let a service hear of events, :data:`TOLD` in a transaction."""
    rest, place = iter(events), 0
    while batch := list(islice(rest, TOLD)):
        unit = application.unit_of_work()
        for event in batch:
            place += 1
            envelope = Envelope(
                event_id=f"{derived_id('bench', named, str(place))}:1", service=event.service, type=event.event_type(),
                store_id=event.store_id, time=event.occurred_at, position=_places(event.service), previous=0,
            )  # fmt: skip
            router.dispatch(envelope, encode(event.model_dump(mode="json")), unit)
        unit.commit()


_place_of: Counter[str] = Counter()
"""How many events of each service the owners heard of."""


def _places(service: str) -> int:
    _place_of[service] += 1
    return _place_of[service]


def _go_on(streams: Streams | AuditStreams, places: dict[str, int]) -> None:
    streams.positions |= places
    streams.previous |= {(service, partition_of(STORE)): place for service, place in places.items() if place}


def _both(streams: tuple[Streams, AuditStreams], events: list[EventData]) -> None:
    for start in range(0, len(events), 500):
        for stream in streams:
            stream.deliver(*events[start : start + 500])
