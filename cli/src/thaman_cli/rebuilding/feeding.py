"""Where each service's read models come from, and what makes them of it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

from thaman_audit.adapters.ledger import LedgerTables
from thaman_audit.adapters.recorded import LedgerLog
from thaman_audit.adapters.recorded import RecordedFold as AuditFold
from thaman_audit.publication import PUBLICATION as AUDITS
from thaman_cli.databases import archive_dir
from thaman_contracts.events.onboarding import ApiKeyIssued, ApiKeyRevoked
from thaman_contracts.subjects import SERVICES
from thaman_dashboard.adapters.projection import Batches
from thaman_dashboard.consumers import CONSUMER as DASHBOARD
from thaman_dashboard.consumers import build_router as dashboards_router
from thaman_kit.application import EventSourcedApplication
from thaman_kit.clock import SystemClock
from thaman_kit.key_projection import api_key_router
from thaman_kit.recorded import Feed, OwnLog, UpstreamLog
from thaman_kit.restoring import Told
from thaman_onboarding.application.recorded import RecordedFold as OnboardingFold
from thaman_onboarding.domain import events as onboarding
from thaman_onboarding.publication import PUBLICATION as ONBOARDINGS
from thaman_optimizer.adapters.published import PublishedFold as OptimizerFold
from thaman_optimizer.consumers import router
from thaman_optimizer.publication import PUBLICATION as OPTIMIZERS
from thaman_scheduler.adapters.read_models import ReadModels
from thaman_scheduler.domain.jobs import Rules
from thaman_scheduler.publication import PUBLICATION as SCHEDULERS
from thaman_scheduler.recorded import RecordedFold as SchedulerFold

LOGS = {"onboarding": ONBOARDINGS, "scheduler": SCHEDULERS, "optimizer": OPTIMIZERS, "audit": AUDITS}
"""What each service publishes of its log; the dashboard publishes nothing. Importing them makes the topics known."""

KEY_TOPICS = (onboarding.ApiKeyIssued.topic, onboarding.ApiKeyRevoked.topic)

Sink = Callable[[Any], None]


def _nothing() -> None:
    """Nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """A feed, what takes its pages in, and what writes the rest when all is in."""

    feed: Feed[Any]
    sink: Sink
    finish: Callable[[], None] = _nothing


def upstreams_of(service: str, wanted: Sequence[str]) -> tuple[str, ...]:
    """The services whose logs have to be here to make these tables again."""
    if service == DASHBOARD and set(wanted) != {"api_keys"}:
        return SERVICES
    return ("onboarding",) if service == "optimizer" or "api_keys" in wanted else ()


def sources_of(
    service: str, wanted: Sequence[str], live_url: str, green_url: str, stack: ExitStack
) -> tuple[Source, ...]:
    """The sources of the tables; their connections are closed with the ``stack``."""

    def opened(name: str, url: str) -> EventSourcedApplication:
        application: EventSourcedApplication = stack.enter_context(
            closing(EventSourcedApplication.connect(name, url, pool_size=2))
        )
        return application

    live, green = opened(service, live_url), opened(service, green_url)
    if service == DASHBOARD and upstreams_of(service, wanted) == SERVICES:
        return tuple(_streams_into(green, lambda name: opened(name, live_url)))
    others = [name for name in wanted if name != "api_keys"]
    if service == "onboarding":
        stores = OnboardingFold(green, SystemClock())
        return (Source(OwnLog(live), stores.own, stores.finish),)
    upstream = opened("onboarding", live_url) if upstreams_of(service, wanted) else live
    if service == "optimizer":
        runs = OptimizerFold(green, router)
        messages = UpstreamLog(service, upstream, ONBOARDINGS)
        return Source(OwnLog(live), runs.own), Source(messages, runs.told)
    found = []
    if others and service == "scheduler":
        schedules = SchedulerFold(ReadModels(green.database), Rules())
        found.append(Source(OwnLog(live), schedules.own, schedules.finish))
    if others and service == "audit":
        ledger = AuditFold(LedgerTables(green.database))
        found.append(Source(LedgerLog(LedgerTables(live.database, archive_dir())), ledger.told))
    if "api_keys" in wanted:
        found.append(Source(UpstreamLog(service, upstream, ONBOARDINGS, KEY_TOPICS), _keys_into(green)))
    return tuple(found)


def _streams_into(green: EventSourcedApplication, opened: Callable[[str], EventSourcedApplication]) -> Iterator[Source]:
    """All services' streams, one after another: any order of them gives the same rows."""
    router = dashboards_router(Batches())

    def take(page: Sequence[Told]) -> None:
        unit = green.unit_of_work()
        for envelope, event in page:
            router.handle(event, envelope, unit)
        unit.commit()

    for name in SERVICES:
        yield Source(UpstreamLog(DASHBOARD, opened(name), LOGS[name]), take)


def _keys_into(green: EventSourcedApplication) -> Sink:
    def take(page: Sequence[Told]) -> None:
        unit = green.unit_of_work()
        for envelope, event in page:
            if isinstance(event, ApiKeyIssued | ApiKeyRevoked):
                api_key_router.handle(event, envelope, unit)
        unit.commit()

    return take
