"""Step 3: what the Executor's decisions came to in Salla."""

from typing import TypeVar
from uuid import UUID

from thaman_audit.domain.handover import pricing
from thaman_audit.domain.handover.record import Record
from thaman_contracts.events.onboarding import (
    PriceApplied,
    PriceApplyFailed,
    PriceApplyUncertain,
    PriceDecisionStale,
    PriceWriteStarted,
    WriteEvent,
)
from thaman_contracts.events.optimizer import OptimizationCompleted, OptimizationFailed, PriceDecided
from thaman_contracts.handover import (
    DecisionReport,
    ExecutionReport,
    ReadBack,
    RunFailure,
    WriteAttempt,
    WriteFailure,
    WriteStale,
    WriteState,
)

W = TypeVar("W", bound=WriteEvent)

# A proposal that waits may still become a decision, so whether the file may change hangs on the Analyst's events, too.
KINDS = (*pricing.KINDS, WriteEvent)

_STATES: dict[type[WriteEvent], WriteState] = {
    PriceWriteStarted: WriteState.WRITING,
    PriceApplyUncertain: WriteState.UNCERTAIN,
    PriceApplied: WriteState.APPLIED,
    PriceApplyFailed: WriteState.FAILED,
    PriceDecisionStale: WriteState.STALE,
}
_OPEN = (WriteState.DUE, WriteState.WRITING, WriteState.UNCERTAIN)


def execution_report(record: Record) -> ExecutionReport:
    """The Executor's file."""
    reports = reports_of(record)
    is_open = any(one.state in _OPEN for one in reports) or any(map(pricing.is_pending, pricing.proposals_of(record)))
    completed, failed = record.first(OptimizationCompleted), record.first(OptimizationFailed)
    return ExecutionReport(
        **record.head(KINDS, complete=record.has_ended and not is_open),
        step="execution_report",
        statistics=completed.statistics if completed else None,
        failure=RunFailure(stage=failed.stage, reason=failed.reason) if failed else None,
        decisions=reports,
    )


def reports_of(record: Record) -> tuple[DecisionReport, ...]:
    """By decision, in the ledger's order; a write whose decision the ledger has not heard of yet comes last."""
    decisions: dict[UUID, PriceDecided | None] = {one.decision_id: one for one in record.events(PriceDecided)}
    writes: dict[UUID, list[WriteEvent]] = {}
    for event in record.events(WriteEvent):
        writes.setdefault(event.decision_id, []).append(event)
        decisions.setdefault(event.decision_id, None)
    return tuple(_report(id, decision, writes.get(id, [])) for id, decision in decisions.items())


def _report(decision_id: UUID, decision: PriceDecided | None, writes: list[WriteEvent]) -> DecisionReport:
    state = _STATES[type(writes[-1])] if writes else WriteState.DUE
    is_settled = state not in _OPEN
    item = decision or writes[0]
    return DecisionReport(
        decision_id=decision_id,
        product_id=item.product_id,
        variant_id=item.variant_id,
        state=state,
        corrected=is_settled and any(isinstance(event, PriceApplyUncertain) for event in writes),
        settled_at=writes[-1].occurred_at if is_settled else None,
        attempts=_attempts(writes),
        read_back=_read_back(_last(writes, PriceApplied)),
        failed=_failed(_last(writes, PriceApplyFailed)),
        stale=_stale(_last(writes, PriceDecisionStale)),
        decision=decision,
    )


def _attempts(writes: list[WriteEvent]) -> tuple[WriteAttempt, ...]:
    doubts = {event.attempt: event for event in writes if isinstance(event, PriceApplyUncertain)}

    def told(started: PriceWriteStarted) -> WriteAttempt:
        doubt = doubts.get(started.attempt)
        return WriteAttempt(
            attempt=started.attempt,
            call=started.call,
            started_at=started.occurred_at,
            expected_base_price=started.expected_base_price,
            target_base_price=started.target_base_price,
            uncertain_at=doubt.occurred_at if doubt else None,
            uncertain_reason=doubt.reason if doubt else None,
        )

    return tuple(told(event) for event in writes if isinstance(event, PriceWriteStarted))


def _read_back(event: PriceApplied | None) -> ReadBack | None:
    if event is None:
        return None
    return ReadBack(
        at=event.occurred_at,
        old_base_price=event.old_base_price,
        base_price=event.base_price,
        shelf_price=event.shelf_price,
        settled_by=event.settled_by,
    )


def _failed(event: PriceApplyFailed | None) -> WriteFailure | None:
    return None if event is None else WriteFailure(at=event.occurred_at, reason=event.reason, detail=event.detail)


def _stale(event: PriceDecisionStale | None) -> WriteStale | None:
    if event is None:
        return None
    found = event.found_base_price
    return WriteStale(at=event.occurred_at, reason=event.reason, detail=event.detail, found_base_price=found)


def _last(writes: list[WriteEvent], kind: type[W]) -> W | None:
    return next((event for event in reversed(writes) if isinstance(event, kind)), None)
