"""When writing stops by itself: what is seen of a store, held against its limits. Pure.

A wrong price costs a merchant money within the hour, so what looks wrong stops the store as a person's stop does, and
a person looks. Nothing here says that a price *is* wrong.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from thaman_contracts.events.breaker import BreakerLimits
from thaman_contracts.events.onboarding import CatalogItem
from thaman_contracts.money import BP_ONE, change_bp
from thaman_onboarding.domain.catalogue import KnownItem, SeenItem

STILL_UNCLEAR = 3
"""An outcome that is unknown after so many attempts is trouble; one or two are Salla's everyday cuts."""


class Anomaly(StrEnum):
    """What stopped a store."""

    JUMPS = "jumps"
    EDITS = "edits"
    TROUBLES = "troubles"
    RUN_MEDIAN = "run_median"
    LARGE_CUTS = "large_cuts"
    CHANGES = "changes"


@dataclass(frozen=True, slots=True)
class InHand:
    """What the transaction under way is about to store, and so is not in the tables yet.

    ``changing`` are the keys of items whose price a policy's decision is about to change, ``runs`` the runs of those
    decisions; ``troubled`` and ``well`` are decisions whose write comes to a bad or a good end, ``edited`` and
    ``jumped`` keys of items.
    """

    changing: frozenset[str] = frozenset()
    runs: frozenset[UUID] = frozenset()
    troubled: frozenset[UUID] = frozenset()
    well: frozenset[UUID] = frozenset()
    edited: frozenset[str] = frozenset()
    jumped: frozenset[str] = frozenset()

    @property
    def is_suspicious(self) -> bool:
        """Whether any of it can bring a store over a limit."""
        return bool(self.changing or self.troubled or self.edited or self.jumped)


@dataclass(frozen=True, slots=True)
class Plan:
    """A run's decisions by its policy, those near the writes at hand: ``moves`` are signed basis points."""

    run_id: UUID
    moves: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """What is seen of a store since it was resumed last, within its window; all but ``plans`` are counts, and a whole
    is 0 where too few of its parts were seen to matter.

    ``items`` are the store's priced items, ``changing`` those of them that policies change, ``began`` writes,
    ``troubled`` those of them that failed or stay unclear, ``edited`` items that were edited by hand after we wrote
    them, ``jumped`` items whose cost or price jumped.
    """

    items: int = 0
    changing: int = 0
    began: int = 0
    troubled: int = 0
    edited: int = 0
    jumped: int = 0
    plans: tuple[Plan, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Trip:
    """A limit that is exceeded. ``seen`` and ``limit`` are in the limit's own unit: basis points, or items."""

    anomaly: Anomaly
    setting: str
    seen: int
    limit: int
    count: int
    of: int


def judge(window: Window, limits: BreakerLimits) -> Trip | None:
    """The first limit that is exceeded, what is nearest to a broken input first; ``None`` where none is."""
    if not limits.enabled:
        return None
    return next((trip for check in _CHECKS for trip in check(window, limits)), None)


def jumped(before: CatalogItem, now: CatalogItem, jump_bp: int) -> bool:
    """Whether an item's cost or base price changed by more than ``jump_bp``; from or to unknown is no change."""
    pairs = ((before.cost, now.cost), (before.base_price, now.base_price))
    return any(old and new is not None and abs(change_bp(old, new)) > jump_bp for old, new in pairs)


def jumps_of(seen: Iterable[SeenItem], known: Mapping[str, KnownItem], jump_bp: int) -> frozenset[str]:
    """The items that jumped since they were seen last. A price that we wrote ourselves is no news."""
    found = set()
    for one in seen:
        before = known.get(one.key)
        if before is None or before.removed or one.item.has_variants:
            continue
        now = one.item
        if now.base_price == before.last_written:
            now = now.model_copy(update={"base_price": before.base_price})
        if jumped(before.item, now, jump_bp):
            found.add(one.key)
    return frozenset(found)


def median(sizes: Iterable[int]) -> int:
    """The middle one; of an even number the lower of both, so that half of all are at least as large."""
    ordered = sorted(sizes)
    return ordered[(len(ordered) - 1) // 2]


def _exceeds(part: int, whole: int, limit_bp: int) -> bool:
    """Exactly, without a rounded share."""
    return part * BP_ONE > limit_bp * whole


def _share(part: int, whole: int) -> int:
    return part * BP_ONE // whole if whole else BP_ONE


def _of_items(anomaly: Anomaly, setting: str, count: int, whole: int, limit: int | None, least: int) -> Iterator[Trip]:
    if limit is not None and count >= least and _exceeds(count, whole, limit):
        yield Trip(anomaly, setting, _share(count, whole), limit, count, whole)


def _jumps(window: Window, limits: BreakerLimits) -> Iterator[Trip]:
    least = limits.min_items
    return _of_items(Anomaly.JUMPS, "jumps_bp", window.jumped, window.items, limits.jumps_bp, least)


def _edits(window: Window, limits: BreakerLimits) -> Iterator[Trip]:
    if limits.edits is not None and window.edited > limits.edits:
        yield Trip(Anomaly.EDITS, "edits", window.edited, limits.edits, window.edited, window.items)


def _troubles(window: Window, limits: BreakerLimits) -> Iterator[Trip]:
    least = limits.min_items
    return _of_items(Anomaly.TROUBLES, "troubles_bp", window.troubled, window.began, limits.troubles_bp, least)


def _plans(window: Window, limits: BreakerLimits) -> Iterator[Trip]:
    for plan in window.plans:
        many = len(plan.moves)
        if many < limits.min_items:
            continue
        cuts = sum(-move > limits.large_cut_bp for move in plan.moves)
        yield from _of_items(Anomaly.LARGE_CUTS, "large_cuts_bp", cuts, many, limits.large_cuts_bp, 1)
        size = median(abs(move) for move in plan.moves)
        if limits.run_median_bp is not None and size > limits.run_median_bp:
            yield Trip(Anomaly.RUN_MEDIAN, "run_median_bp", size, limits.run_median_bp, many, many)


def _changes(window: Window, limits: BreakerLimits) -> Iterator[Trip]:
    count, whole = window.changing, window.items
    if limits.changes is not None and count > limits.changes:
        yield Trip(Anomaly.CHANGES, "changes", count, limits.changes, count, whole)
    yield from _of_items(Anomaly.CHANGES, "changes_bp", count, whole, limits.changes_bp, limits.min_items)


_CHECKS: tuple[Callable[[Window, BreakerLimits], Iterator[Trip]], ...] = (_jumps, _edits, _troubles, _plans, _changes)
