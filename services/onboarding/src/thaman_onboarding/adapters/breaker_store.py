"""What a store's breaker looks at, in PostgreSQL: one read, and effects for a unit of work."""

from collections.abc import Iterable
from functools import partial
from uuid import UUID

from thaman_contracts.events.breaker import BreakerLimits
from thaman_contracts.events.optimizer import POLICY
from thaman_contracts.money import change_bp
from thaman_kit.application import UnitOfWork
from thaman_kit.database import load_queries
from thaman_onboarding.adapters.catalogue_store import StoreView
from thaman_onboarding.adapters.columns import execute_columns
from thaman_onboarding.domain.breaker import STILL_UNCLEAR, InHand, Plan, Window

_sql = partial(load_queries, "thaman_onboarding", "adapters/breaker.sql")

NEAR = 1_000
"""Most decisions of a run that are looked at ahead of its writes, and as many behind them."""


def window_of(uow: UnitOfWork, store: StoreView, hand: InHand, limits: BreakerLimits) -> Window:
    """What is seen of a store, with what the unit under way is about to store; blocking."""
    (row,) = uow.read(
        _sql()["window"],
        {
            "store_id": store.store_id,
            "fence": store.fence,
            "policy": POLICY,
            "unclear": STILL_UNCLEAR,
            "minutes": limits.window_minutes,
            "hours": limits.edits_hours,
            "least": limits.min_items,
            "count_changes": limits.changes is not None or limits.changes_bp is not None,
            "changing": sorted(hand.changing),
            "troubled": sorted(hand.troubled),
            "well": sorted(hand.well),
            "edited": sorted(hand.edited),
            "jumped": sorted(hand.jumped),
        },
    )
    return Window(**row, plans=tuple(_plans(uow, store.store_id, hand.runs, limits.window_minutes)))


def _plans(uow: UnitOfWork, store_id: str, runs: Iterable[UUID], minutes: int) -> Iterable[Plan]:
    wanted = sorted(runs)
    if not wanted:
        return
    asked = {"store_id": store_id, "policy": POLICY, "runs": wanted, "minutes": minutes, "near": NEAR}
    for row in uow.read(_sql()["plans"], asked):
        yield Plan(row["run_id"], tuple(change_bp(old, new) for old, new in zip(row["old"], row["new"], strict=True)))


def note(uow: UnitOfWork, store_id: str, hand: InHand) -> None:
    """Remember the items that were edited or jumped."""
    rows = [("edit", key) for key in sorted(hand.edited)] + [("jump", key) for key in sorted(hand.jumped)]
    execute_columns(uow, _sql()["signal"], ("kinds", "keys"), rows, store_id=store_id)


def forget(uow: UnitOfWork, store_id: str) -> None:
    """Start a fresh window."""
    uow.execute(_sql()["forget"], {"store_id": store_id})
