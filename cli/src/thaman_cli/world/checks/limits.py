"""Invariant 2: no write below floor, above ceiling, past step and day limits, at decision and at write time."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from thaman_cli.world.checks.decisions import SKEW
from thaman_cli.world.facts import Facts
from thaman_cli.world.report import Violation
from thaman_cli.world.salla import SallaView
from thaman_contracts.events import onboarding, optimizer
from thaman_contracts.events.settings import ItemRule
from thaman_contracts.ids import item_key
from thaman_contracts.money import change_bp

RIYADH = ZoneInfo("Asia/Riyadh")


@dataclass
class _Store:
    """What the log says of a store up to some place."""

    stopped_at: datetime | None = None
    rules: dict[str, tuple[ItemRule, datetime]] = field(default_factory=dict)


def check(facts: Facts, salla: SallaView | None) -> Iterator[Violation]:
    """Every decision by its own limits, every applied write by what was in force when it began."""
    decided = {event.decision_id: event for event in facts.events("optimizer", optimizer.PriceDecided)}
    for decision in decided.values():
        yield from _decision(decision)
    applied = {event.decision_id for event in facts.events("onboarding", onboarding.PriceApplied)}
    begun = {
        event.decision_id: event
        for event in reversed(facts.events("onboarding", onboarding.PriceWriteStarted))
        if event.decision_id in applied
    }
    yield from _budgets(decided, begun)
    yield from _in_force(facts, decided, applied)


def _decision(decision: optimizer.PriceDecided) -> Iterator[Violation]:
    name = f"decision {decision.decision_id}, store {decision.store_id}"
    name += f", item {item_key(decision.product_id, decision.variant_id)}"
    if decision.floor <= 0 or decision.shelf_price < decision.floor:
        yield Violation(2, "below_floor", f"{name}: {decision.shelf_price} below {decision.floor}")
    if decision.shelf_price > max(decision.ceiling, decision.floor):
        yield Violation(2, "above_ceiling", f"{name}: {decision.shelf_price} above {decision.ceiling}")
    old = decision.expected_base_price
    step = abs(change_bp(old, decision.base_price)) if old > 0 else None
    if step is None or step > decision.max_step_bp:
        yield Violation(2, "step_too_large", f"{name}: {step} bp, {decision.max_step_bp} bp allowed")


def _budgets(
    decided: dict[UUID, optimizer.PriceDecided], begun: dict[UUID, onboarding.PriceWriteStarted]
) -> Iterator[Violation]:
    days: dict[tuple[str, str, str], list[UUID]] = defaultdict(list)
    for event in sorted(begun.values(), key=lambda event: event.occurred_at):
        day = event.occurred_at.astimezone(RIYADH).date().isoformat()
        item = item_key(event.product_id, event.variant_id)
        earlier = days[event.store_id, item, day]
        decision = decided.get(event.decision_id)
        if decision is not None and decision.reverts_decision_id is None and len(earlier) >= decision.changes_per_day:
            name = f"decision {event.decision_id}, store {event.store_id}, item {item}"
            yield Violation(2, "day_limit", f"{name}: change {len(earlier) + 1} on {day}")
        earlier.append(event.decision_id)


def _in_force(facts: Facts, decided: dict[UUID, optimizer.PriceDecided], applied: set[UUID]) -> Iterator[Violation]:
    """Walk onboarding's log; a stop counts for whatever comes after it, rules for writes that began clearly later."""
    stores: dict[str, _Store] = defaultdict(_Store)
    system_stopped_at: datetime | None = None
    for row in facts.logs["onboarding"]:
        event = row.event
        if isinstance(event, onboarding.SystemSettingsChanged):
            system_stopped_at = event.occurred_at if event.settings.stopped else None
        elif isinstance(event, onboarding.PriceWriteStarted):
            if event.decision_id in applied:
                yield from _write(event, stores[event.store_id], system_stopped_at, decided.get(event.decision_id))
        elif event is not None:
            _take(event, stores[event.store_id])


def _take(event: object, store: _Store) -> None:
    match event:
        case onboarding.StorePaused() | onboarding.StoreUninstalled():
            store.stopped_at = event.occurred_at
        case onboarding.StoreResumed() | onboarding.StoreAuthorized():
            store.stopped_at = None
        case onboarding.ItemRulesChanged():
            store.rules |= {rule.key: (rule, event.occurred_at) for rule in event.rules}
        case _:
            pass


def _write(
    event: onboarding.PriceWriteStarted,
    store: _Store,
    system_stopped_at: datetime | None,
    decision: optimizer.PriceDecided | None,
) -> Iterator[Violation]:
    item = item_key(event.product_id, event.variant_id)
    name = f"decision {event.decision_id}, store {event.store_id}, item {item}"
    for stopped_at in (store.stopped_at, system_stopped_at):
        # By the log's order, not by clocks: a write begins in a transaction that holds the store and its stops still.
        if stopped_at is not None:
            yield Violation(2, "write_while_stopped", f"{name}: begun {event.occurred_at}, stopped {stopped_at}")
    rule, since = store.rules.get(item, (None, None))
    if rule is None or since is None or decision is None or event.occurred_at <= since + SKEW:
        return
    if rule.locked:
        yield Violation(2, "write_of_locked_item", name)
    if rule.min_price is not None and decision.shelf_price < rule.min_price:
        yield Violation(2, "below_merchants_floor", f"{name}: {decision.shelf_price} below {rule.min_price}")
    if rule.max_price is not None and decision.shelf_price > max(rule.max_price, decision.floor):
        yield Violation(2, "above_merchants_ceiling", f"{name}: {decision.shelf_price} above {rule.max_price}")
