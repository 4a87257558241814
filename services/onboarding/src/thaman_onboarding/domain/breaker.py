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
class Origin:
    """Cost and base price of an item from before they jumped, halalas; ``None`` where that one did not."""

    cost: int | None = None
    base_price: int | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """An item whose cost or base price somebody else changed."""

    before: CatalogItem
    now: CatalogItem

    @property
    def key(self) -> str:
        """The item's key."""
        return self.now.key


@dataclass(frozen=True, slots=True)
class Jumps:
    """Items that jumped, with what stood before, and the keys of those that are back where they were."""

    jumped: Mapping[str, Origin] = field(default_factory=dict)
    returned: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class InHand:
    """What the transaction under way is about to store, and so is not in the tables yet.

    ``changing`` are the keys of items whose price a policy's decision is about to change, ``runs`` the runs of those
    decisions; ``troubled`` and ``well`` are decisions whose write comes to a bad or a good end, ``edited`` keys of
    items, ``moves`` the items whose cost or price is another now.
    """

    changing: frozenset[str] = frozenset()
    runs: frozenset[UUID] = frozenset()
    troubled: frozenset[UUID] = frozenset()
    well: frozenset[UUID] = frozenset()
    edited: frozenset[str] = frozenset()
    moves: tuple[Move, ...] = ()

    @property
    def is_suspicious(self) -> bool:
        """Whether any of it can bring a store over a limit."""
        return bool(self.changing or self.troubled or self.edited or self.moves)


@dataclass(frozen=True, slots=True)
class Plan:
    """A run's decisions by its policy, those near the writes at hand: ``moves`` are signed basis points."""

    run_id: UUID
    moves: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """What is seen of a store since it was resumed last, within its window; all but ``plans`` are counts, and a whole
    may be 0 where too few of its parts were seen to matter.

    ``items`` are the store's priced items, ``changing`` those of them that policies change, ``began`` writes,
    ``troubled`` those of them that failed or stay unclear, ``written`` items that we wrote within the time of edits,
    ``edited`` items that were edited by hand after we wrote them, ``jumped`` items whose cost or price jumped.
    """

    items: int = 0
    changing: int = 0
    began: int = 0
    troubled: int = 0
    written: int = 0
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


def moves_of(
    seen: Iterable[SeenItem], known: Mapping[str, KnownItem], ours: Mapping[str, int] | None = None
) -> tuple[Move, ...]:
    """The items whose cost or price changed since they were seen last.

    A price that we wrote ourselves is no news; ``ours`` are base prices whose writing the unit at hand records.
    """
    found = []
    for one in seen:
        before = known.get(one.key)
        if before is None or before.removed or one.item.has_variants:
            continue
        now = one.item
        if now.base_price in (before.last_written, (ours or {}).get(one.key)):
            now = now.model_copy(update={"base_price": before.base_price})
        if (now.cost, now.base_price) != (before.item.cost, before.base_price):
            found.append(Move(before.item, now))
    return tuple(found)


def jumps_of(moves: Iterable[Move], origins: Mapping[str, Origin], jump_bp: int) -> Jumps:
    """Which moves are larger than ``jump_bp``, and do not lead back to within it of ``origins``."""
    jumped: dict[str, Origin] = {}
    returned: set[str] = set()
    for move in moves:
        origin = origins.get(move.key, Origin())
        before, now = move.before, move.now
        cost = _jumped(before.cost, now.cost, origin.cost, jump_bp)
        price = _jumped(before.base_price, now.base_price, origin.base_price, jump_bp)
        if cost or price:
            jumped[move.key] = Origin(before.cost if cost else None, before.base_price if price else None)
        elif move.key in origins and _is_back(now, origin, jump_bp):
            returned.add(move.key)
    return Jumps(jumped, frozenset(returned))


def _jumped(before: int | None, now: int | None, origin: int | None, jump_bp: int) -> bool:
    """From or to unknown is no jump."""
    return not (_is_near(before, now, jump_bp) or _is_near(origin, now, jump_bp)) and bool(before) and now is not None


def _is_near(old: int | None, new: int | None, jump_bp: int) -> bool:
    return bool(old) and old is not None and new is not None and abs(change_bp(old, new)) <= jump_bp


def _is_back(now: CatalogItem, origin: Origin, jump_bp: int) -> bool:
    pairs = ((origin.cost, now.cost), (origin.base_price, now.base_price))
    return all(_is_near(old, new, jump_bp) for old, new in pairs if old is not None)


def median(sizes: Iterable[int]) -> int:
    """The middle one; of an even number the lower of both, so that half of all are at least as large."""
    ordered = sorted(sizes)
    return ordered[(len(ordered) - 1) // 2]


def _exceeds(part: int, whole: int, limit_bp: int) -> bool:
    """Exactly, without a rounded share."""
    return part * BP_ONE > limit_bp * whole


def _share(part: int, whole: int) -> int:
    """Rounded up, for people: what exceeds a limit never reads as if it were the limit."""
    return -(-part * BP_ONE // whole)


def _of(
    anomaly: Anomaly, setting: str, count: int, whole: int, limit: int | None, limits: BreakerLimits
) -> Iterator[Trip]:
    enough = count >= limits.min_count and whole >= limits.min_items
    if limit is not None and enough and _exceeds(count, whole, limit):
        yield Trip(anomaly, setting, _share(count, whole), limit, count, whole)


def _jumps(window: Window, limits: BreakerLimits) -> Iterator[Trip]:
    return _of(Anomaly.JUMPS, "jumps_bp", window.jumped, window.items, limits.jumps_bp, limits)


def _edits(window: Window, limits: BreakerLimits) -> Iterator[Trip]:
    count, whole, share = window.edited, window.written, limits.edits_bp
    if limits.edits is None or count <= limits.edits:
        return
    if share is None or _exceeds(count, whole, share):
        yield Trip(Anomaly.EDITS, "edits", count, limits.edits, count, whole)


def _troubles(window: Window, limits: BreakerLimits) -> Iterator[Trip]:
    return _of(Anomaly.TROUBLES, "troubles_bp", window.troubled, window.began, limits.troubles_bp, limits)


def _plans(window: Window, limits: BreakerLimits) -> Iterator[Trip]:
    for plan in window.plans:
        many = len(plan.moves)
        if many < limits.min_items:
            continue
        cuts = sum(-move > limits.large_cut_bp for move in plan.moves)
        yield from _of(Anomaly.LARGE_CUTS, "large_cuts_bp", cuts, many, limits.large_cuts_bp, limits)
        size = median(abs(move) for move in plan.moves)
        if limits.run_median_bp is not None and size > limits.run_median_bp:
            yield Trip(Anomaly.RUN_MEDIAN, "run_median_bp", size, limits.run_median_bp, many, many)


def _changes(window: Window, limits: BreakerLimits) -> Iterator[Trip]:
    count, whole = window.changing, window.items
    if limits.changes is not None and count > limits.changes:
        yield Trip(Anomaly.CHANGES, "changes", count, limits.changes, count, whole)
    yield from _of(Anomaly.CHANGES, "changes_bp", count, whole, limits.changes_bp, limits)


_CHECKS: tuple[Callable[[Window, BreakerLimits], Iterator[Trip]], ...] = (_jumps, _edits, _troubles, _plans, _changes)
