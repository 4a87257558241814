"""Invariant 1: no price write without an earlier decision, and at most one effective write per decision."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from thaman_cli.world.facts import Facts
from thaman_cli.world.report import Violation
from thaman_cli.world.salla import PriceWrite, SallaView
from thaman_contracts.events import onboarding, optimizer
from thaman_contracts.ids import item_key

SKEW = timedelta(seconds=5)
"""How far the clocks of two machines may lie apart."""

Target = tuple[str, str, int]
"""Store, item, base price."""


def check(facts: Facts, salla: SallaView | None) -> Iterator[Violation]:
    """Intents against decisions, and Salla's write log against intents."""
    decided = {event.decision_id: event for event in facts.events("optimizer", optimizer.PriceDecided)}
    intents: dict[Target, set[UUID]] = defaultdict(set)
    for started in facts.events("onboarding", onboarding.PriceWriteStarted):
        item = item_key(started.product_id, started.variant_id)
        intents[started.store_id, item, started.target_base_price].add(started.decision_id)
        yield from _intent(started, item, decided.get(started.decision_id))
    writes = salla.writes() if salla is not None else None
    if writes is not None:
        yield from _writes(writes, intents)


def _intent(
    started: onboarding.PriceWriteStarted, item: str, decision: optimizer.PriceDecided | None
) -> Iterator[Violation]:
    name = f"decision {started.decision_id}, store {started.store_id}, item {item}"
    if decision is None:
        yield Violation(1, "write_without_decision", name)
        return
    if decision.occurred_at > started.occurred_at + SKEW:
        yield Violation(1, "write_before_decision", f"{name}: {started.occurred_at} before {decision.occurred_at}")
    if (decision.store_id, item_key(decision.product_id, decision.variant_id)) != (started.store_id, item):
        yield Violation(1, "write_of_another_item", name)
    if decision.base_price != started.target_base_price:
        wrong = f"{started.target_base_price} instead of {decision.base_price}"
        yield Violation(1, "write_of_another_price", f"{name}: {wrong}")


def _writes(writes: list[PriceWrite], intents: dict[Target, set[UUID]]) -> Iterator[Violation]:
    effective: dict[Target, list[int]] = defaultdict(list)
    for write in writes:
        name = f"write {write.number} at Salla, store {write.store_id}, item {write.item}"
        if write.touches_sale:
            yield Violation(1, "sale_price_written", name)
        if write.new_base is None:
            continue
        target = (write.store_id, write.item, write.new_base)
        if target not in intents:
            yield Violation(1, "write_without_intent", f"{name}, price {write.new_base}")
        elif write.effective:
            effective[target].append(write.number)
    for target, numbers in effective.items():
        if len(numbers) > len(intents[target]):
            store, item, price = target
            name = f"store {store}, item {item}, price {price}: writes {numbers} at Salla"
            yield Violation(1, "written_twice", f"{name} for decisions {sorted(map(str, intents[target]))}")
