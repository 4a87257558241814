"""The worker process: reads all streams into the ledger, and seals checkpoints over it."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from thaman_audit.bootstrap import build
from thaman_audit.consumers import CONSUMER, UPSTREAMS
from thaman_audit.errors import BackwardChain
from thaman_audit.sealing import Sealer
from thaman_audit.settings import AuditSettings
from thaman_kit import metrics
from thaman_kit.consumers import Consumers
from thaman_kit.health import Health
from thaman_kit.inbox import is_outage
from thaman_kit.logging import get_logger
from thaman_kit.periodic import Periodic
from thaman_kit.process import run_worker

log = get_logger(__name__)

SEALED = metrics.gauge("audit_checkpoint_number", "The last checkpoint that this process sealed.")
FAILURES = metrics.counter("audit_seal_failures", "Times that a checkpoint could not be sealed.")

LONGEST_PAUSE_S = 15.0


def sealing(sealer: Sealer | None, every_s: float) -> Callable[[asyncio.Event], Awaitable[None]]:
    """The part of the worker that looks whether a checkpoint is due. Without a key to sign with there is nothing to do
    but to say so."""
    if sealer is None:
        return _unsealed
    return Periodic("checkpoint", partial(_seal, sealer), min(every_s, LONGEST_PAUSE_S)).run


async def _unsealed(stop: asyncio.Event) -> None:
    log.warning("checkpoints_off", reason="THAMAN_AUDIT_KEYS is not set, so nothing proves the chains' ends")
    await stop.wait()


def _seal(sealer: Sealer) -> None:
    try:
        sealed = sealer.seal_if_due()
    except Exception as error:
        # Whatever it is, the ledger goes on being written; the log and an alert tell.
        FAILURES.inc()
        if isinstance(error, BackwardChain) or is_outage(error):
            log.error("checkpoint_not_sealed", reason=str(error))
        else:
            log.exception("checkpoint_not_sealed")
        return
    if sealed is not None:
        said = sealed.statement
        SEALED.set(said.number)
        log.info("checkpoint_sealed", number=said.number, stores=said.stores, entries=said.entries)


def run(settings: AuditSettings) -> None:
    """Run the worker until told to stop."""
    container = build(settings)
    consumers = Consumers(
        container.application, container.router, consumer=CONSUMER, upstreams=UPSTREAMS, settings=container.bus
    )
    health = Health({"database": container.check_database, "consumers": consumers.check})
    parts = {"consumers": consumers.run, "checkpoints": sealing(container.sealer, settings.audit_checkpoint_seconds)}
    run_worker(settings, parts, health, closing=[container.close])
