"""What the scheduler hears: stores from onboarding, wishes for a run from the optimizer."""

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import onboarding, optimizer
from thaman_kit.application import UnitOfWork
from thaman_kit.routing import Router
from thaman_scheduler.application import Scheduler
from thaman_scheduler.domain.events import Block

CONSUMER = "scheduler"
UPSTREAMS = ("onboarding", "optimizer")


def build_router(scheduler: Scheduler) -> Router:
    """The handlers of the scheduler."""
    router = Router()

    @router.on(onboarding.StoreAuthorized)
    def authorized(event: onboarding.StoreAuthorized, _: Envelope, unit: UnitOfWork) -> None:
        scheduler.store_authorized(unit, event.store_id, event.settings.frequency_hours, event.occurred_at)

    @router.on(onboarding.StoreReauthorized)
    def reauthorized(event: onboarding.StoreReauthorized, _: Envelope, unit: UnitOfWork) -> None:
        scheduler.tokens_arrived(unit, event.store_id, event.occurred_at)

    @router.on(onboarding.StoreSettingsChanged)
    def settings_changed(event: onboarding.StoreSettingsChanged, _: Envelope, unit: UnitOfWork) -> None:
        scheduler.change_frequency(unit, event.store_id, event.settings.frequency_hours, event.occurred_at)

    @router.on(onboarding.StorePaused)
    def paused(event: onboarding.StorePaused, _: Envelope, unit: UnitOfWork) -> None:
        scheduler.block(unit, event.store_id, Block.PAUSED, event.occurred_at)

    @router.on(onboarding.StoreResumed)
    def resumed(event: onboarding.StoreResumed, _: Envelope, unit: UnitOfWork) -> None:
        scheduler.unblock(unit, event.store_id, Block.PAUSED, event.occurred_at)

    @router.on(onboarding.ReauthorizationRequired)
    def unauthorised(event: onboarding.ReauthorizationRequired, _: Envelope, unit: UnitOfWork) -> None:
        scheduler.block(unit, event.store_id, Block.UNAUTHORISED, event.occurred_at)

    @router.on(onboarding.StoreUninstalled)
    def uninstalled(event: onboarding.StoreUninstalled, _: Envelope, unit: UnitOfWork) -> None:
        scheduler.block(unit, event.store_id, Block.UNINSTALLED, event.occurred_at)

    @router.on(onboarding.SystemSettingsChanged)
    def rules_changed(event: onboarding.SystemSettingsChanged, _: Envelope, unit: UnitOfWork) -> None:
        scheduler.change_rules(unit, event.settings, event.settings_version, event.occurred_at)

    @router.on(optimizer.RunRequested)
    def run_requested(event: optimizer.RunRequested, _: Envelope, unit: UnitOfWork) -> None:
        scheduler.request_run(unit, event.store_id, event.request_id, event.requested_by, event.occurred_at)

    return router
