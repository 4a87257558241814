"""What a store's breaker looks at, in PostgreSQL: one read, and effects for a unit of work."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from uuid import UUID

from thaman_contracts.events.breaker import BreakerLimits
from thaman_contracts.events.optimizer import POLICY
from thaman_contracts.money import change_bp
from thaman_kit.application import UnitOfWork
from thaman_kit.database import load_queries
from thaman_onboarding.adapters.columns import execute_columns
from thaman_onboarding.domain.breaker import STILL_UNCLEAR, InHand, Jumps, Origin, Plan, Window

_sql = partial(load_queries, "thaman_onboarding", "adapters/breaker.sql")

NEAR = 1_000
"""Most decisions of a run that are looked at ahead of its writes, and as many behind them."""
ORIGIN_DAYS = 7
"""For so long after a jump its item may go back to where it was without another jump being counted."""
GAP_HOURS = 48
"""A sweep after so long says nothing of *when* something jumped: twice the longest time between two sweeps."""


def window_of(uow: UnitOfWork, store_id: str, hand: InHand, jumps: Jumps, limits: BreakerLimits) -> Window:
    """What is seen of a store, with what the unit under way is about to store; blocking."""
    (row,) = uow.read(
        _sql()["window"],
        {
            "store_id": store_id,
            "policy": POLICY,
            "unclear": STILL_UNCLEAR,
            "minutes": limits.window_minutes,
            "hours": limits.edits_hours,
            "count": limits.min_count,
            "edits": 1_000_000 if limits.edits is None else limits.edits,
            "count_changes": limits.changes is not None or limits.changes_bp is not None,
            "changing": sorted(hand.changing),
            "troubled": sorted(hand.troubled),
            "well": sorted(hand.well),
            "edited": sorted(hand.edited),
            "jumped": sorted(jumps.jumped),
            "returned": sorted(jumps.returned),
        },
    )
    return Window(**row, plans=tuple(_plans(uow, store_id, hand.runs, limits.window_minutes)))


def _plans(uow: UnitOfWork, store_id: str, runs: Iterable[UUID], minutes: int) -> Iterable[Plan]:
    wanted = sorted(runs)
    if not wanted:
        return
    asked = {"store_id": store_id, "policy": POLICY, "runs": wanted, "minutes": minutes, "near": NEAR}
    for row in uow.read(_sql()["plans"], asked):
        yield Plan(row["run_id"], tuple(change_bp(old, new) for old, new in zip(row["old"], row["new"], strict=True)))


def origins_of(uow: UnitOfWork, store_id: str, hand: InHand) -> dict[str, Origin]:
    """What stood before the items at hand jumped, if they did of late; blocking."""
    keys = sorted(move.key for move in hand.moves)
    rows = uow.read(_sql()["origins"], {"store_id": store_id, "keys": keys, "days": ORIGIN_DAYS}) if keys else []
    return {row["key"]: Origin(row["cost"], row["base_price"]) for row in rows}


def is_followed(uow: UnitOfWork, store_id: str, limits: BreakerLimits) -> bool:
    """Whether the catalogue was swept since the window began anew, and of late; blocking."""
    asked = {"store_id": store_id, "hours": GAP_HOURS, "minutes": limits.window_minutes}
    return bool(uow.read(_sql()["is_followed"], asked)[0]["followed"])


def note(uow: UnitOfWork, store_id: str, hand: InHand, jumps: Jumps, *, counting: bool) -> None:
    """Remember the items that were edited, jumped or are back; jumps count only if ``counting``.

    The store's row is held first, as everything does that takes both.
    """
    rows: list[tuple[str, str, bool, int | None, int | None]] = [("edit", key, True, None, None) for key in hand.edited]
    rows += [("jump", key, counting, one.cost, one.base_price) for key, one in jumps.jumped.items()]
    rows += [("jump", key, False, None, None) for key in jumps.returned]
    if rows:
        uow.execute(_sql()["hold"], {"store_id": store_id})
        columns = ("kinds", "keys", "counting", "costs", "prices")
        execute_columns(uow, _sql()["signal"], columns, rows, store_id=store_id, days=ORIGIN_DAYS)


def swept(uow: UnitOfWork, store_id: str, began: datetime) -> None:
    """A sweep that began then (the database's time) ended."""
    uow.execute(_sql()["swept"], {"store_id": store_id, "began": began})


def forget(uow: UnitOfWork, store_id: str | None) -> None:
    """Start a fresh window for a store, or for all (``None``); what stood before a jump is kept."""
    uow.execute(_sql()["forget"], {"store_id": store_id})


def freshen(uow: UnitOfWork, store_id: str) -> None:
    """Let the next sweep be taken for the first."""
    uow.execute(_sql()["freshen"], {"store_id": store_id})


def drop(uow: UnitOfWork, store_id: str) -> None:
    """Keep nothing of a store."""
    uow.execute(_sql()["drop"], {"store_id": store_id})
