"""The worker process: reads all streams into the read models, and removes sessions that have ended."""

from thaman_dashboard.adapters.pulse import Pulse
from thaman_dashboard.bootstrap import build
from thaman_dashboard.consumers import CONSUMER, UPSTREAMS
from thaman_dashboard.settings import DashboardSettings
from thaman_kit.consumers import Consumers
from thaman_kit.health import Health
from thaman_kit.periodic import Periodic
from thaman_kit.process import run_worker

CLEAN_EVERY_S = 600.0
PULSE_EVERY_S = 10.0


def run(settings: DashboardSettings) -> None:
    """Run the worker until told to stop."""
    container = build(settings)
    consumers = Consumers(
        container.application, container.router, consumer=CONSUMER, upstreams=UPSTREAMS, settings=container.bus
    )
    cleaning = Periodic("clean", container.clean, CLEAN_EVERY_S)
    pulse = Pulse(container.application.database, consumers.check, container.clock.now)
    beating = Periodic("pulse", pulse.beat, PULSE_EVERY_S)
    health = Health({"database": container.check_database, "consumers": consumers.check})
    run_worker(
        settings,
        {"consumers": consumers.run, "cleaning": cleaning.run, "pulse": beating.run},
        health,
        closing=[container.close],
    )
