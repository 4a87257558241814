"""Orders as demand: which count, and what replaces what."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from thaman_contracts.events.onboarding import OrderLine, OrderState

_COUNTED = frozenset({"under_review", "in_progress", "completed", "delivering", "delivered", "shipped"})
_NOT_COUNTED = frozenset({"canceled", "cancelled", "restored", "restoring", "deleted"})
_ENDS = frozenset({"order.refunded", "order.deleted"})
"""Events after which an order is no demand, whatever status it shows."""

SKEW = timedelta(seconds=5)
"""A webhook's time has whole seconds and comes from Salla's clock; a sweep is taken to be this much older."""


def order_state(slug: str | None, *, pending_payment: bool, draft: bool = False) -> OrderState:
    """Whether an order counts as demand. A status that we do not know waits, it is not guessed."""
    if slug in _NOT_COUNTED:
        return OrderState.NOT_COUNTED
    if slug in _COUNTED and not pending_payment and not draft:
        return OrderState.COUNTED
    return OrderState.PENDING


def ends_demand(event_name: str) -> bool:
    """Whether an order event takes the order out of demand for good."""
    return event_name in _ENDS


@dataclass(frozen=True, slots=True)
class OrderView:
    """One order's present state; ``told_at`` is Salla's time of the news (for a sweep, ours before the call).

    ``lines`` is ``None`` when the news does not carry them.
    """

    order_id: str
    state: OrderState
    placed_at: datetime | None
    told_at: datetime
    lines: tuple[OrderLine, ...] | None
    head_digest: str | None = None
    refunded: bool = False
