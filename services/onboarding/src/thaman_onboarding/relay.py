"""The process that publishes onboarding's events."""

from typing import NoReturn

from thaman_kit.application import EventSourcedApplication
from thaman_kit.health import Health
from thaman_kit.nats import BusSettings
from thaman_kit.process import load_settings, run_relay
from thaman_kit.relay import Relay
from thaman_onboarding import wiring  # noqa: F401 - its import registers every stored event of the service
from thaman_onboarding.publication import PUBLICATION
from thaman_onboarding.settings import Settings


def main() -> NoReturn:
    """Relay until told to stop."""
    settings = load_settings(Settings)
    url = settings.database_url.get_secret_value()
    app = EventSourcedApplication.connect("onboarding", url, pool_size=settings.database_pool_size)
    relay = Relay(app, PUBLICATION, BusSettings.of(settings), database_url=url)
    run_relay(settings, {"relay": relay.run}, Health({"relay": relay.check}), closing=[app.close])
