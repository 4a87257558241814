"""The relay process: publishes what the scheduler stored."""

from thaman_kit.health import Health
from thaman_kit.process import run_relay
from thaman_kit.relay import Relay
from thaman_scheduler.bootstrap import build
from thaman_scheduler.publication import PUBLICATION
from thaman_scheduler.settings import SchedulerSettings


def run(settings: SchedulerSettings) -> None:
    """Relay until told to stop."""
    container = build(settings)
    url = settings.database_url.get_secret_value()
    relay = Relay(container.application, PUBLICATION, container.bus, database_url=url)
    health = Health({"database": container.check_database, "relay": relay.check})
    run_relay(settings, {"relay": relay.run}, health, closing=[container.close])
