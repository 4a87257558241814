"""The hand-over files of a run: functions of the ledger's entries alone, so the same entries give the same bytes."""

from thaman_audit.domain.handover.execution import execution_report, reports_of
from thaman_audit.domain.handover.market import Market, market_intelligence
from thaman_audit.domain.handover.pricing import pricing_decision, proposals_of
from thaman_audit.domain.handover.record import Record, Recorded, recorded

__all__ = [
    "Market",
    "Record",
    "Recorded",
    "execution_report",
    "market_intelligence",
    "pricing_decision",
    "proposals_of",
    "recorded",
    "reports_of",
]
