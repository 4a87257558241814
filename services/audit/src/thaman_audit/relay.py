"""The relay process: publishes what the audit stored."""

from thaman_audit.bootstrap import build
from thaman_audit.publication import PUBLICATION
from thaman_audit.settings import AuditSettings
from thaman_kit.health import Health
from thaman_kit.process import run_relay
from thaman_kit.relay import Relay


def run(settings: AuditSettings) -> None:
    """Relay until told to stop."""
    container = build(settings)
    url = settings.database_url.get_secret_value()
    relay = Relay(container.application, PUBLICATION, container.bus, database_url=url)
    health = Health({"database": container.check_database, "relay": relay.check})
    run_relay(settings, {"relay": relay.run}, health, closing=[container.close])
