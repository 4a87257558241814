"""What reading and writing listen to: decided prices, and that a store is to be read again."""

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import optimizer, scheduler
from thaman_kit.application import UnitOfWork
from thaman_kit.routing import Router
from thaman_onboarding.adapters.write_store import add_decision
from thaman_onboarding.observation.webhooks import OBSERVE, observe_payload

router = Router()


@router.on(optimizer.PriceDecided)
def price_decided(event: optimizer.PriceDecided, envelope: Envelope, uow: UnitOfWork) -> None:
    """Take the decision in, with the job that writes it."""
    add_decision(uow, event)


@router.on(scheduler.ObservationDue)
def observation_due(event: scheduler.ObservationDue, envelope: Envelope, uow: UnitOfWork) -> None:
    """Sweep the store, once for each slot."""
    uow.enqueue(OBSERVE, f"sweep:{event.store_id}:{event.slot.isoformat()}", event.store_id, observe_payload("sweep"))
