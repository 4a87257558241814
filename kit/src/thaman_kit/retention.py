"""The weekly retention: what ended long ago is archived, history is never touched.

A service that consumes the scheduler and has jobs includes the router: ``router.include(retention_router)``. Jobs are
the only rows besides history that grow without end. An archived job's key no longer keeps the same cause from being
enqueued again, but its message is behind the consumer's position and cannot come back.
"""

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import scheduler
from thaman_kit.application import UnitOfWork
from thaman_kit.database import load_queries
from thaman_kit.routing import Router

retention_router = Router()


@retention_router.on(scheduler.RetentionDue)
def archive(event: scheduler.RetentionDue, envelope: Envelope, uow: UnitOfWork) -> None:
    """Move jobs that ended before ``keep_before`` into the archive."""
    uow.execute(load_queries("thaman_kit", "sql/retention.sql")["archive_jobs"], {"before": event.keep_before})
