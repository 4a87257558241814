"""What other settings would make of every item's limits, asked before they are saved. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from thaman_contracts.events.settings import StoreSettings
from thaman_optimizer.domain.facts import ItemFacts, PolicyFacts, StoreFacts
from thaman_optimizer.domain.floor import Limits, NoLimits, limits_of
from thaman_optimizer.domain.overlay import deciding, under

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Side:
    """Items under some settings: those with limits, those without, and prices that stand outside of theirs.

    ``impossible`` are those of the items without limits for which no price would earn the margin.
    """

    limited: int = 0
    unlimited: int = 0
    impossible: int = 0
    below_floor: int = 0
    above_ceiling: int = 0


@dataclass(frozen=True, slots=True)
class Moved:
    """An item whose limits differ between both; shelf prices with VAT, ``None`` = it has no limits."""

    item: ItemFacts
    floor_now: int | None
    floor_then: int | None
    ceiling_now: int | None
    ceiling_then: int | None

    @property
    def falls_below(self) -> bool:
        """Whether the present price would stand below its floor, and does not now."""
        return _is_below(self.item, self.floor_then) and not _is_below(self.item, self.floor_now)


@dataclass(frozen=True, slots=True)
class Preview:
    """Limits now and then; ``raised`` and ``lowered`` count floors. Examples: first whose price falls below its floor,
    then the largest moves."""

    items: int
    now: Side
    then: Side
    raised: int
    lowered: int
    examples: tuple[Moved, ...]


def preview(store: StoreFacts, settings: StoreSettings, items: Iterable[ItemFacts]) -> Preview:
    """What ``settings`` would make of the limits of items, under the policies that decide about them now."""
    limits_now, limits_then = _limits(store), _limits(replace(store, settings=settings))
    sides: tuple[list[Limits | NoLimits], list[Limits | NoLimits]] = ([], [])
    known, moved = list(items), []
    for item in known:
        now, then = limits_now(item), limits_then(item)
        sides[0].append(now)
        sides[1].append(then)
        if now != then:
            moved.append(_moved(item, now, then))
    floors = [(one.floor_now, one.floor_then) for one in moved]
    return Preview(
        items=len(known),
        now=_side(known, sides[0]),
        then=_side(known, sides[1]),
        raised=sum(now is not None and then is not None and then > now for now, then in floors),
        lowered=sum(now is not None and then is not None and then < now for now, then in floors),
        examples=tuple(sorted(moved, key=_telling)[:EXAMPLES]),
    )


def _limits(store: StoreFacts) -> Callable[[ItemFacts], Limits | NoLimits]:
    """Limits by the settings that hold for an item: the policy that decides about it may tighten them."""
    laid: dict[int | None, StoreFacts] = {}

    def of(item: ItemFacts) -> Limits | NoLimits:
        policy: PolicyFacts | None = deciding(store, item)
        version = None if policy is None else policy.version
        if version not in laid:
            laid[version] = under(store, policy)
        return limits_of(laid[version], item)

    return of


def _moved(item: ItemFacts, now: Limits | NoLimits, then: Limits | NoLimits) -> Moved:
    return Moved(
        item,
        floor_now=now.floor if isinstance(now, Limits) else None,
        floor_then=then.floor if isinstance(then, Limits) else None,
        ceiling_now=now.ceiling if isinstance(now, Limits) else None,
        ceiling_then=then.ceiling if isinstance(then, Limits) else None,
    )


def _side(items: list[ItemFacts], limits: list[Limits | NoLimits]) -> Side:
    both = list(zip(items, limits, strict=True))
    known = [(item, one) for item, one in both if isinstance(one, Limits)]
    return Side(
        limited=len(known),
        unlimited=len(both) - len(known),
        impossible=sum(isinstance(one, NoLimits) and one.reason == "margin_impossible" for _, one in both),
        below_floor=sum(item.shelf_price < one.floor for item, one in known),
        above_ceiling=sum(item.shelf_price > one.ceiling for item, one in known),
    )


def _is_below(item: ItemFacts, floor: int | None) -> bool:
    return floor is not None and item.shelf_price < floor


def _telling(one: Moved) -> tuple[bool, int, str, str]:
    """What is most worth looking at comes first."""
    size = abs((one.floor_then or 0) - (one.floor_now or 0))
    return not one.falls_below, -size, one.item.product_id, one.item.variant_id or ""
