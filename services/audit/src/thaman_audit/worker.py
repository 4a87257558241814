"""The worker process: reads all streams into the ledger."""

from thaman_audit.bootstrap import build
from thaman_audit.consumers import CONSUMER, UPSTREAMS
from thaman_audit.settings import AuditSettings
from thaman_kit.consumers import Consumers
from thaman_kit.health import Health
from thaman_kit.process import run_worker


def run(settings: AuditSettings) -> None:
    """Run the worker until told to stop."""
    container = build(settings)
    consumers = Consumers(
        container.application, container.router, consumer=CONSUMER, upstreams=UPSTREAMS, settings=container.bus
    )
    health = Health({"database": container.check_database, "consumers": consumers.check})
    run_worker(settings, {"consumers": consumers.run}, health, closing=[container.close])
