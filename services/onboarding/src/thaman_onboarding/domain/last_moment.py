"""The checks between a decision and its write: is this price still right, in the world as it is now?

Pure. The decision carries the limits it was made under; here they are judged again together with those in force now,
the stricter one counts, and the floor wins over everything.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from thaman_contracts.events.onboarding import StaleReason
from thaman_contracts.events.optimizer import POLICY, PriceDecided
from thaman_contracts.events.settings import ItemRule, MarginBasis, StoreSettings
from thaman_contracts.money import BP_ONE, ceil_div, change_bp
from thaman_onboarding.domain.catalogue import KnownItem
from thaman_onboarding.domain.vat import VatBasis


@dataclass(frozen=True, slots=True)
class Stale:
    """Why a decision is not written."""

    reason: StaleReason
    detail: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The world at the last moment, for one decision. ``now`` is the database's time.

    ``written_today`` counts the item's other writes of the Riyadh day whose outcome is not known to be "none";
    ``superseded`` says that a later decision about the item has arrived.
    """

    now: datetime
    connected: bool
    paused: bool
    stopped: bool
    entitled: bool
    fence: int
    settings: StoreSettings
    basis: VatBasis
    item: KnownItem | None
    rule: ItemRule | None = None
    written_today: int = 0
    superseded: bool = False

    @property
    def cost(self) -> int | None:
        """What the item costs without VAT: by the merchant's own word, else by Salla's."""
        if self.rule is not None and self.rule.cost is not None:
            return self.rule.cost
        return None if self.item is None else self.item.item.cost

    def shelf(self, base: int) -> int:
        """The shelf price that a base price would mean now."""
        return self.basis.shelf(base, taxable=self.item is None or self.item.taxable)


def cost_floor(cost: int, settings: StoreSettings, vat_bp: int) -> int | None:
    """The lowest shelf price that earns the minimum margin on a cost without VAT (product.md B8).

    ``(cost) x (1 + VAT) / (1 - margin - fee)``, or with a mark-up ``cost x (1 + mark-up) x (1 + VAT) / (1 - fee)``,
    rounded up once, at the end. ``None`` when margin and fee leave nothing, so that no price is high enough.
    """
    if settings.margin_basis is MarginBasis.MARGIN:
        share, mark_up = BP_ONE - settings.min_margin_bp - settings.fee_bp, BP_ONE
    else:
        share, mark_up = BP_ONE - settings.fee_bp, BP_ONE + settings.min_margin_bp
    if share <= 0:
        return None
    return ceil_div(cost * mark_up * (BP_ONE + vat_bp), share * BP_ONE)


def stale_before_reading(decision: PriceDecided, world: Circumstances) -> Stale | None:
    """The first check that the decision fails by what we know ourselves, or ``None``."""
    return next(_failures(decision, world, _CHECKS), None)


def stale_by_price(decision: PriceDecided, world: Circumstances, found: int | None) -> Stale | None:
    """The same for what Salla shows: ``found`` is the base price just read, ``None`` when the item is gone."""
    if found is None:
        return Stale(StaleReason.ITEM_GONE, "Salla no longer shows the item")
    if found == decision.base_price:
        return Stale(StaleReason.ALREADY_THERE, "Salla shows the decided price already")
    if found == decision.expected_base_price:
        return None
    known = world.item
    if known is not None and found == known.last_written:
        return Stale(StaleReason.SUPERSEDED, "another decision of ours moved the price since")
    return Stale(
        StaleReason.MANUAL_EDIT, f"Salla shows {found} where {decision.expected_base_price} was expected (halalas)"
    )


Check = Callable[[PriceDecided, Circumstances], Stale | None]


def _failures(decision: PriceDecided, world: Circumstances, checks: tuple[Check, ...]) -> Iterator[Stale]:
    for check in checks:
        stale = check(decision, world)
        if stale is not None:
            yield stale


def _connection(decision: PriceDecided, world: Circumstances) -> Stale | None:
    if not world.connected:
        return Stale(StaleReason.NOT_CONNECTED, "the store has to be connected again")
    if not world.entitled:
        return Stale(StaleReason.NOT_ENTITLED, "the store's subscription does not cover writing")
    return None


def _stop(decision: PriceDecided, world: Circumstances) -> Stale | None:
    if world.stopped:
        return Stale(StaleReason.PAUSED, "all writing is stopped by an operator")
    if world.paused:
        return Stale(StaleReason.PAUSED, "the store is paused")
    if decision.fence < world.fence:
        return Stale(StaleReason.FENCE, f"decided under fence {decision.fence}, {world.fence} is in force")
    return None


def _time(decision: PriceDecided, world: Circumstances) -> Stale | None:
    if world.superseded:
        return Stale(StaleReason.SUPERSEDED, "a later decision about the item has arrived")
    if VatBasis(decision.prices_include_vat, decision.vat_bp) != world.basis:
        return Stale(StaleReason.SUPERSEDED, "the store's VAT basis changed, so the price means another one now")
    if decision.expires_at <= world.now:
        return Stale(StaleReason.EXPIRED, f"valid until {decision.expires_at.isoformat()}")
    return None


def _item(decision: PriceDecided, world: Circumstances) -> Stale | None:
    if world.item is None or world.item.removed:
        return Stale(StaleReason.ITEM_GONE, "the item is not in the catalogue")
    if world.item.item.has_variants:
        return Stale(StaleReason.ITEM_GONE, "the product is priced through its variants now")
    if world.rule is not None and world.rule.locked:
        return Stale(StaleReason.LOCKED, "the merchant locked the item")
    return None


def _floor(decision: PriceDecided, world: Circumstances) -> Stale | None:
    shelf = min(world.shelf(decision.base_price), decision.shelf_price)
    if decision.base_price <= 0 or decision.floor <= 0:
        return Stale(StaleReason.BELOW_FLOOR, "a price or a floor of zero is never right")
    floors = [decision.floor]
    if world.rule is not None and world.rule.min_price is not None:
        floors.append(world.rule.min_price)
    cost = world.cost
    if cost is not None:
        vat_bp = world.basis.vat_bp if world.item is None or world.item.taxable else 0
        by_cost = cost_floor(cost, world.settings, vat_bp)
        if by_cost is None:
            return Stale(StaleReason.BELOW_FLOOR, "margin and fees leave no price that is high enough")
        floors.append(by_cost)
    if shelf < max(floors):
        return Stale(StaleReason.BELOW_FLOOR, f"{shelf} on the shelf is below the floor of {max(floors)} (halalas)")
    return None


def _ceiling(decision: PriceDecided, world: Circumstances) -> Stale | None:
    shelf = world.shelf(decision.base_price)
    ceilings = [decision.ceiling]
    if world.rule is not None and world.rule.max_price is not None:
        ceilings.append(world.rule.max_price)
    if shelf > min(ceilings):
        return Stale(
            StaleReason.ABOVE_CEILING, f"{shelf} on the shelf is above the ceiling of {min(ceilings)} (halalas)"
        )
    return None


def _step(decision: PriceDecided, world: Circumstances) -> Stale | None:
    """The step of the shelf price; the base price's is taken where its rounding makes it the smaller one."""
    old, new = decision.expected_base_price, decision.base_price
    if old <= 0:
        return Stale(StaleReason.STEP, "a step from zero has no size")
    # A person who approved a longer step saw its size, and the decision allows exactly that (docs/adr/0006).
    by_policy = decision.decided_by == POLICY
    limit = min(decision.max_step_bp, world.settings.max_step_bp) if by_policy else decision.max_step_bp
    step = min(abs(change_bp(old, new)), abs(change_bp(max(world.shelf(old), 1), world.shelf(new))))
    if step > limit:
        return Stale(StaleReason.STEP, f"a step of {step} bp is more than the {limit} bp allowed")
    return None


def _budget(decision: PriceDecided, world: Circumstances) -> Stale | None:
    """How often a day. A person who puts an earlier price back must not have to wait for tomorrow."""
    if decision.reverts_decision_id is not None:
        return None
    limit = min(decision.changes_per_day, world.settings.changes_per_day)
    if world.written_today >= limit:
        return Stale(StaleReason.DAY_BUDGET, f"the item was changed {world.written_today} times today, {limit} allowed")
    return None


# The order of product.md B8: stop, connection and entitlement, lock, limits, day budget.
_CHECKS: tuple[Check, ...] = (_connection, _stop, _time, _item, _floor, _ceiling, _step, _budget)
