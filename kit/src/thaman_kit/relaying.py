"""The relay process, which is the same for every service but for what it publishes."""

from typing import NoReturn

from thaman_kit.application import EventSourcedApplication
from thaman_kit.health import Health
from thaman_kit.nats import BusSettings
from thaman_kit.process import run_relay
from thaman_kit.publication import Publication
from thaman_kit.relay import Relay
from thaman_kit.settings import ServiceSettings


def relay_process(service: str, publication: Publication, settings: ServiceSettings) -> NoReturn:
    """Publish what ``service`` stored until told to stop. The module of ``publication`` makes its topics known."""
    url = settings.database_url.get_secret_value()
    application = EventSourcedApplication.connect(service, url, pool_size=settings.database_pool_size)
    relay = Relay(application, publication, BusSettings.of(settings), database_url=url)

    def check_database() -> None:
        application.database.fetch_one("SELECT 1")

    health = Health({"database": check_database, "relay": relay.check})
    run_relay(settings, {"relay": relay.run}, health, closing=[application.close])
