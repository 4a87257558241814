"""What onboarding does about other services' events."""

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import scheduler
from thaman_kit.application import UnitOfWork
from thaman_kit.consumers import Router
from thaman_kit.retention import retention_router
from thaman_onboarding import wiring
from thaman_onboarding.application.renewal import REFRESH_QUEUE

UPSTREAMS = ("scheduler", "optimizer")

router = Router()


@router.on(scheduler.TokenRefreshDue)
def token_refresh_due(event: scheduler.TokenRefreshDue, envelope: Envelope, uow: UnitOfWork) -> None:
    """Look whether the store's tokens need a renewal, once for each slot."""
    uow.enqueue(REFRESH_QUEUE, f"{event.store_id}:{event.slot.isoformat()}", event.store_id, {"reason": event.reason})


router.include(wiring.router)
router.include(retention_router)
