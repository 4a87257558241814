"""The worker process: reads all streams into the ledger, and seals checkpoints over it."""

import asyncio
from contextlib import suppress

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
from thaman_kit.process import run_worker

log = get_logger(__name__)

SEALED = metrics.gauge("audit_checkpoint_number", "The last checkpoint that this process sealed.")
FAILURES = metrics.counter("audit_seal_failures", "Times that a checkpoint could not be sealed.")

LONGEST_PAUSE_S = 15.0


class SealLoop:
    """Looks whether a checkpoint is due, for ever; what failed is tried again with the next look."""

    def __init__(self, sealer: Sealer | None, every: float) -> None:
        self._sealer = sealer
        self._pause = min(every, LONGEST_PAUSE_S)

    async def run(self, stop: asyncio.Event) -> None:
        """Seal until ``stop`` is set. Without a key to sign with there is nothing to do but to say so."""
        if self._sealer is None:
            log.warning("checkpoints_off", reason="THAMAN_AUDIT_KEYS is not set, so nothing proves the chains' ends")
            await stop.wait()
            return
        while not stop.is_set():
            await self._look(self._sealer)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._pause)

    async def _look(self, sealer: Sealer) -> None:
        try:
            sealed = await asyncio.to_thread(sealer.seal_if_due)
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
    seals = SealLoop(container.sealer, settings.audit_checkpoint_seconds)
    health = Health({"database": container.check_database, "consumers": consumers.check})
    run_worker(settings, {"consumers": consumers.run, "checkpoints": seals.run}, health, closing=[container.close])
