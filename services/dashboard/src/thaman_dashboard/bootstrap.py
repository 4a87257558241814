"""The one place where the dashboard's parts are built and joined."""

from dataclasses import dataclass

from thaman_dashboard.adapters.inquiries import InquiryTables
from thaman_dashboard.adapters.operator_state import OperatorTables
from thaman_dashboard.adapters.own_state import StateTables
from thaman_dashboard.adapters.people import PeopleTables
from thaman_dashboard.adapters.projection import Batches
from thaman_dashboard.adapters.reading import Reading
from thaman_dashboard.consumers import build_router
from thaman_dashboard.settings import DashboardSettings
from thaman_kit.application import EventSourcedApplication
from thaman_kit.auth import ApiKeys
from thaman_kit.clock import Clock, SystemClock
from thaman_kit.nats import BusSettings
from thaman_kit.routing import Router


@dataclass(frozen=True, slots=True)
class Container:
    """What every process of the dashboard is made of."""

    settings: DashboardSettings
    application: EventSourcedApplication
    read_models: Reading
    own: StateTables
    people: PeopleTables
    operators: OperatorTables
    inquiries: InquiryTables
    router: Router
    api_keys: ApiKeys
    clock: Clock
    bus: BusSettings

    def check_database(self) -> None:
        """For readiness; raises when PostgreSQL does not answer."""
        self.application.database.fetch_one("SELECT 1")

    def clean(self) -> int:
        """Remove links, sessions and invitations that have ended, and questions of another day; gives how many."""
        now = self.clock.now()
        return sum(one.clean(now) for one in (self.own, self.people, self.operators, self.inquiries))

    def close(self) -> None:
        """Give all connections back."""
        self.application.close()


def build(settings: DashboardSettings, clock: Clock | None = None) -> Container:
    """Build the parts; ``clock`` replaces the machine's own in tests."""
    application = EventSourcedApplication.connect(
        "dashboard", settings.database_url.get_secret_value(), pool_size=settings.database_pool_size
    )
    password = settings.nats_password
    return Container(
        settings=settings,
        application=application,
        read_models=Reading(application.database),
        own=StateTables(application.database),
        people=PeopleTables(application.database),
        operators=OperatorTables(application.database),
        inquiries=InquiryTables(application.database),
        router=build_router(Batches()),
        api_keys=ApiKeys(application.database, settings.api_key_pepper),
        clock=clock or SystemClock(),
        bus=BusSettings(
            servers=tuple(settings.nats_servers),
            user=settings.nats_user,
            password=password.get_secret_value() if password else None,
        ),
    )
