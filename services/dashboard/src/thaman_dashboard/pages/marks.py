"""What happened to a price besides its steps, oldest first: approvals, undos, edits by hand, and when runs held it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from thaman_contracts.events.optimizer import POLICY
from thaman_dashboard.product_views import HoldMark, Mark, MarkKind
from thaman_dashboard.views import DecisionView, PriceCause, PricePoint


def marks_of(
    steps: Sequence[PricePoint], decisions: Iterable[DecisionView], holds: Iterable[HoldMark], since: datetime
) -> tuple[Mark, ...]:
    """The marks from ``since`` on; ``steps`` are oldest first."""
    found = [*_edits(steps), *_decided(decisions), *_held(holds, steps)]
    return tuple(sorted((mark for mark in found if mark.at >= since), key=lambda mark: mark.at))


def _edits(steps: Sequence[PricePoint]) -> Iterator[Mark]:
    for step in steps:
        if step.cause is PriceCause.HAND_EDIT:
            yield Mark(step.at, MarkKind.HAND_EDIT, step.shelf_price)


def _decided(decisions: Iterable[DecisionView]) -> Iterator[Mark]:
    for one in decisions:
        if one.decided_at is None:
            continue
        if one.reverts_decision_id is not None:
            yield Mark(one.decided_at, MarkKind.UNDO, one.shelf_price, one.decided_by)
        elif one.decided_by not in (None, POLICY):
            yield Mark(one.decided_at, MarkKind.APPROVED, one.shelf_price, one.decided_by)


def _held(holds: Iterable[HoldMark], steps: Sequence[PricePoint]) -> Iterator[Mark]:
    for hold in holds:
        standing = next((step.shelf_price for step in reversed(steps) if step.at <= hold.at), None)
        yield Mark(hold.at, MarkKind.HOLD, standing, None, hold.reason_ar, hold.reason_en)
