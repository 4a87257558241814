"""Invariant 2, worked out anew: what the item cost and what the merchant demanded when a write began.

The services work with rounded halalas and basis points; here the same promise is held against exact fractions, so that
a mistake in their arithmetic is not repeated.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from thaman_cli.world.checks.decisions import SKEW
from thaman_cli.world.facts import Facts
from thaman_cli.world.report import Violation
from thaman_cli.world.salla import SallaView
from thaman_contracts.events import onboarding, optimizer
from thaman_contracts.events.settings import MarginBasis, StoreSettings
from thaman_contracts.ids import item_key
from thaman_onboarding.domain.catalogue import CatalogObserved

ONE = 10_000
"""Basis points of the whole."""


@dataclass(frozen=True, slots=True)
class _Cost:
    halalas: int | None
    vat_bp: int
    since: datetime


@dataclass(slots=True)
class _Store:
    """What was known of a store up to some place of the log."""

    settings: StoreSettings | None = None
    since: datetime | None = None
    costs: dict[str, _Cost] = field(default_factory=dict)
    own: dict[str, tuple[int | None, datetime]] = field(default_factory=dict)
    """Costs by the merchant's own word, which hold in place of Salla's, and since when."""


def check(facts: Facts, salla: SallaView | None) -> Iterator[Violation]:
    """Every applied write by the cost and the settings that were in force clearly before it began."""
    decided = {event.decision_id: event for event in facts.events("optimizer", optimizer.PriceDecided)}
    applied = {event.decision_id for event in facts.events("onboarding", onboarding.PriceApplied)}
    stores: dict[str, _Store] = defaultdict(_Store)
    for row in facts.logs["onboarding"]:
        event = row.event
        if isinstance(event, onboarding.PriceWriteStarted):
            if event.decision_id in applied and event.decision_id in decided:
                yield from _write(event, decided[event.decision_id], stores[event.store_id])
        elif event is not None:
            _take(event, stores[event.store_id])


def _take(event: object, store: _Store) -> None:
    match event:
        case onboarding.StoreAuthorized() | onboarding.StoreSettingsChanged():
            store.settings, store.since = event.settings, event.occurred_at
        case CatalogObserved():
            for seen in event.seen():
                _learn(store, seen.key, seen.item.cost, event.vat_bp if seen.taxable else 0, event.occurred_at)
        case onboarding.ItemRulesChanged():
            for rule in event.rules:
                if store.own.get(rule.key, (None, None))[0] != rule.cost:
                    store.own[rule.key] = rule.cost, event.occurred_at
        case _:
            pass


def _learn(store: _Store, key: str, cost: int | None, vat_bp: int, at: datetime) -> None:
    known = store.costs.get(key)
    if known is None or (known.halalas, known.vat_bp) != (cost, vat_bp):
        store.costs[key] = _Cost(cost, vat_bp, at)


def _write(event: onboarding.PriceWriteStarted, decision: optimizer.PriceDecided, store: _Store) -> Iterator[Violation]:
    settings, key = store.settings, item_key(event.product_id, event.variant_id)
    if settings is None or store.since is None or event.occurred_at <= store.since + SKEW:
        return
    name = f"decision {event.decision_id}, store {event.store_id}, item {key}"
    yield from _step(name, decision, settings)
    cost = _in_force(store, key)
    if cost is None or cost.halalas is None or event.occurred_at <= cost.since + SKEW:
        return
    lowest = lowest_shelf_price(cost.halalas, cost.vat_bp, settings)
    if lowest is None or decision.shelf_price < lowest:
        least = "no price is high enough" if lowest is None else f"{float(lowest):.2f} is the least"
        what = f"{name}: {decision.shelf_price} at a cost of {cost.halalas}, where {least}"
        yield Violation(2, "below_cost_floor", what)


def _in_force(store: _Store, key: str) -> _Cost | None:
    cost, (own, since) = store.costs.get(key), store.own.get(key, (None, None))
    if cost is None or since is None:
        return cost
    return _Cost(cost.halalas if own is None else own, cost.vat_bp, max(cost.since, since))


def _step(name: str, decision: optimizer.PriceDecided, settings: StoreSettings) -> Iterator[Violation]:
    """Decisions by policy keep to the merchant's step; a person who approved a longer one saw it (docs/adr/0006)."""
    old, new = decision.expected_base_price, decision.base_price
    if decision.decided_by == optimizer.POLICY and old > 0 and abs(new - old) * ONE > (settings.max_step_bp + 1) * old:
        yield Violation(2, "past_the_step_in_force", f"{name}: {old} to {new}, {settings.max_step_bp} bp allowed")


def lowest_shelf_price(cost: int, vat_bp: int, settings: StoreSettings) -> Fraction | None:
    """The exact price with VAT, in halalas, that earns the minimum; ``None`` when margin and fee leave nothing.

    product.md B8: ``cost x (1 + VAT) / (1 - margin - fee)``, or ``cost x (1 + mark-up) x (1 + VAT) / (1 - fee)``.
    """
    vat, fee, least = (Fraction(value, ONE) for value in (vat_bp, settings.fee_bp, settings.min_margin_bp))
    by_margin = settings.margin_basis is MarginBasis.MARGIN
    left = 1 - fee - (least if by_margin else 0)
    if left <= 0:
        return None
    return cost * (1 if by_margin else 1 + least) * (1 + vat) / left
