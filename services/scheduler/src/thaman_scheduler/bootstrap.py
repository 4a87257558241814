"""The one place where the scheduler's parts are built and joined."""

from dataclasses import dataclass
from datetime import timedelta

from thaman_kit.application import EventSourcedApplication
from thaman_kit.auth import ApiKeys, api_key_router
from thaman_kit.clock import Clock
from thaman_kit.nats import BusSettings
from thaman_kit.routing import Router
from thaman_scheduler.adapters.database_clock import DatabaseClock
from thaman_scheduler.adapters.read_models import ReadModels
from thaman_scheduler.application import Scheduler
from thaman_scheduler.consumers import build_router
from thaman_scheduler.domain.jobs import Rules
from thaman_scheduler.settings import SchedulerSettings
from thaman_scheduler.ticker import Ticker


@dataclass(frozen=True, slots=True)
class Container:
    """Everything a process of the scheduler is made of."""

    settings: SchedulerSettings
    application: EventSourcedApplication
    tables: ReadModels
    clock: Clock
    rules: Rules
    scheduler: Scheduler
    ticker: Ticker
    router: Router
    api_keys: ApiKeys
    bus: BusSettings

    def check_database(self) -> None:
        """For readiness; raises when PostgreSQL does not answer."""
        self.application.database.fetch_one("SELECT 1")

    def close(self) -> None:
        """Give all connections back."""
        self.application.close()


def build(settings: SchedulerSettings, clock: Clock | None = None) -> Container:
    """Build the parts; ``clock`` replaces the database's own in tests."""
    application = EventSourcedApplication.connect(
        "scheduler", settings.database_url.get_secret_value(), pool_size=settings.database_pool_size
    )
    tables = ReadModels(application.database)
    clock = clock or DatabaseClock(application.database)
    rules = rules_of(settings)
    scheduler = Scheduler(application, tables, clock, rules)
    router = build_router(scheduler)
    router.include(api_key_router)
    return Container(
        settings=settings,
        application=application,
        tables=tables,
        clock=clock,
        rules=rules,
        scheduler=scheduler,
        ticker=Ticker(
            application,
            tables,
            clock,
            rules,
            batch=settings.scheduler_batch,
            claim_seconds=settings.scheduler_claim_seconds,
        ),
        router=router,
        api_keys=ApiKeys(application.database, settings.api_key_pepper),
        bus=bus_of(settings),
    )


def rules_of(settings: SchedulerSettings) -> Rules:
    """The rules that are fixed at deployment."""
    return Rules(
        observation_lead=timedelta(minutes=settings.scheduler_observation_lead_minutes),
        token_life=timedelta(days=settings.scheduler_token_life_days),
        token_rest=timedelta(days=settings.scheduler_token_rest_days),
    )


def bus_of(settings: SchedulerSettings) -> BusSettings:
    """How NATS is reached."""
    password = settings.nats_password
    return BusSettings(
        servers=tuple(settings.nats_servers),
        user=settings.nats_user,
        password=password.get_secret_value() if password else None,
    )
