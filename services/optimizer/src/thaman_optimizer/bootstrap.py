"""The one place where the optimizer's parts are built and joined."""

from dataclasses import dataclass
from datetime import timedelta

from thaman_kit.application import EventSourcedApplication
from thaman_kit.auth import ApiKeys
from thaman_kit.clock import Clock, SystemClock
from thaman_kit.nats import BusSettings
from thaman_optimizer.adapters.facts_reader import FactsReader
from thaman_optimizer.adapters.listing_tables import ListingTables
from thaman_optimizer.adapters.listings.looker import build_looker
from thaman_optimizer.adapters.market_tables import MarketTables
from thaman_optimizer.adapters.matching_model import load_matcher
from thaman_optimizer.adapters.past_decisions import DecisionTables
from thaman_optimizer.adapters.projection import keep
from thaman_optimizer.adapters.recorded_runs import RecordedRuns
from thaman_optimizer.adapters.views import Views
from thaman_optimizer.adapters.web.addresses import AddressRules
from thaman_optimizer.adapters.web.link_reader import LinkReader
from thaman_optimizer.adapters.web.session import Manners
from thaman_optimizer.advising import Advising, Budget
from thaman_optimizer.application import Optimizer
from thaman_optimizer.crew_door import CrewDoor
from thaman_optimizer.domain.breaker import BreakerRules
from thaman_optimizer.domain.budget import Allowance
from thaman_optimizer.listing_ports import Looker
from thaman_optimizer.listings import Listings
from thaman_optimizer.looking import Looking
from thaman_optimizer.policies import Policies
from thaman_optimizer.ports import Advisor, PageReader
from thaman_optimizer.publication import STORED
from thaman_optimizer.runs import Runs
from thaman_optimizer.settings import OptimizerSettings
from thaman_optimizer.undoing import Undoing
from thaman_optimizer.whatif import WhatIf


@dataclass(frozen=True, slots=True)
class Container:
    """Everything a process of the optimizer is made of."""

    settings: OptimizerSettings
    application: EventSourcedApplication
    clock: Clock
    optimizer: Optimizer
    policies: Policies
    undoing: Undoing
    listings: Listings
    looking: Looking
    what_if: WhatIf
    runs: Runs
    views: Views
    facts: FactsReader
    crew_door: CrewDoor
    api_keys: ApiKeys
    bus: BusSettings

    def check_database(self) -> None:
        """For readiness; raises when PostgreSQL does not answer."""
        self.application.database.fetch_one("SELECT 1")

    def close(self) -> None:
        """Give all connections back."""
        self.application.close()


def build(
    settings: OptimizerSettings,
    clock: Clock | None = None,
    pages: PageReader | None = None,
    advisor: Advisor | None = None,
    looker: Looker | None = None,
) -> Container:
    """Build the parts; ``clock``, ``pages`` and ``looker`` replace the real ones in tests, ``advisor`` is there in
    workers with a crew alone."""
    assert STORED  # importing it registers the stored events' topics in every process type
    application = EventSourcedApplication.connect(
        "optimizer", settings.database_url.get_secret_value(), pool_size=settings.database_pool_size
    )
    clock = clock or SystemClock()
    facts = FactsReader(application.database)
    market = MarketTables(application.database)
    listing_tables = ListingTables(application.database)
    runs = Runs(
        application,
        facts,
        market,
        pages or _page_reader(settings, clock),
        _advising(settings, facts, market, advisor, clock),
        keep=keep,
        clock=clock,
        refetch_after=timedelta(minutes=settings.optimizer_refetch_minutes),
    )
    return Container(
        settings=settings,
        application=application,
        clock=clock,
        optimizer=Optimizer(application, facts, market, keep, clock),
        listings=Listings(application, facts, listing_tables, keep, clock),
        looking=Looking(
            application,
            facts,
            listing_tables,
            looker or build_looker(settings, clock),
            load_matcher,
            keep=keep,
            clock=clock,
            every=timedelta(hours=settings.optimizer_look_hours),
            searches=settings.optimizer_look_searches,
        ),
        what_if=WhatIf(facts, RecordedRuns(application), clock),
        undoing=Undoing(application, facts, DecisionTables(application.database), keep, clock),
        policies=Policies(application, facts, keep, clock),
        runs=runs,
        views=Views(application.database),
        facts=facts,
        crew_door=CrewDoor(application, facts, market, clock, _patience(settings)),
        api_keys=ApiKeys(application.database, settings.api_key_pepper, clock=clock),
        bus=BusSettings.of(settings),
    )


def _advising(
    settings: OptimizerSettings, facts: FactsReader, market: MarketTables, advisor: Advisor | None, clock: Clock
) -> Advising:
    budget = Budget(
        run=Allowance(settings.optimizer_crew_run_tokens, settings.optimizer_crew_run_micro_usd),
        day=Allowance(settings.optimizer_crew_day_tokens, settings.optimizer_crew_day_micro_usd),
    )
    rules = BreakerRules(settings.optimizer_crew_failures, timedelta(seconds=settings.optimizer_crew_rest_seconds))
    return Advising(facts, market, advisor, budget, clock, rules)


def _patience(settings: OptimizerSettings) -> timedelta | None:
    if settings.optimizer_crew_url is None:
        return None
    return timedelta(seconds=settings.optimizer_crew_patience_seconds)


def _page_reader(settings: OptimizerSettings, clock: Clock) -> LinkReader:
    manners = Manners(
        page_timeout_s=settings.optimizer_page_timeout_seconds,
        run_timeout_s=settings.optimizer_scout_seconds,
        pause_s=settings.optimizer_host_pause_seconds,
        at_once=settings.optimizer_pages_at_once,
    )
    rules = AddressRules(allow_loopback=settings.optimizer_allow_loopback)
    return LinkReader.over_the_web(rules, manners, clock)
