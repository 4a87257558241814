"""The events that fill slots and answer run-now requests. Equal causes give equal originators and ids."""

from datetime import datetime, timedelta

from thaman_contracts.events.scheduler import Trigger
from thaman_contracts.ids import run_id
from thaman_kit.domain import DomainEvent, EventMeta, current_cause
from thaman_scheduler.domain.events import (
    BEFORE_EXPIRY,
    SWEEP,
    ObservationDue,
    OptimizationRequested,
    RetentionDue,
    TokenRefreshDue,
)
from thaman_scheduler.domain.jobs import Job, Rules, slot_originator

BY_CLOCK = "scheduler"


def fill_slot(job: Job, store_id: str, slot: datetime, trigger: Trigger, *, now: datetime, rules: Rules) -> DomainEvent:
    """The event that fills ``slot`` of one job; ``trigger`` matters to runs only."""
    cause = slot.isoformat()
    originator = slot_originator(job, store_id, cause)
    common = {
        "originator_id": originator,
        "originator_version": 1,
        "store_id": store_id,
        "occurred_at": now,
        "slot": slot,
        "meta": EventMeta(correlation_id=str(originator)),
    }
    match job:
        case Job.OBSERVE:
            return ObservationDue.model_validate(common)
        case Job.OPTIMISE:
            run = run_id(store_id, cause)
            meta = EventMeta(correlation_id=str(run))
            return OptimizationRequested.model_validate(
                common | {"run_id": run, "trigger": trigger, "requested_by": BY_CLOCK, "meta": meta}
            )
        case Job.REFRESH_SWEEP:
            return TokenRefreshDue.model_validate(common | {"reason": SWEEP})
        case Job.REFRESH_BEFORE_EXPIRY:
            return TokenRefreshDue.model_validate(common | {"reason": BEFORE_EXPIRY})
        case Job.RETENTION:
            keep = timedelta(days=rules.system.retention_keep_days)
            return RetentionDue.model_validate(common | {"keep_before": slot - keep})


def run_now(store_id: str, request_id: str, requested_by: str, requested_at: datetime) -> OptimizationRequested:
    """The run that somebody asked for now; asked for again under the same id, it is the same run."""
    return OptimizationRequested(
        originator_id=slot_originator(Job.OPTIMISE, store_id, request_id),
        originator_version=1,
        store_id=store_id,
        occurred_at=requested_at,
        run_id=run_id(store_id, request_id),
        slot=requested_at,
        trigger=Trigger.RUN_NOW,
        requested_by=requested_by,
        meta=current_cause(),
    )
