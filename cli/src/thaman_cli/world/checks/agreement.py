"""Invariant 3: once quiet, last decided = price in Salla = price history = ledger, for every product."""

from collections.abc import Iterator
from uuid import UUID

from thaman_cli.world.facts import Facts
from thaman_cli.world.report import Violation
from thaman_cli.world.salla import SallaView
from thaman_contracts.events import onboarding, optimizer
from thaman_contracts.ids import item_key

Item = tuple[str, str]
OUTCOMES = (onboarding.PriceApplied, onboarding.PriceApplyFailed, onboarding.PriceDecisionStale)


def check(facts: Facts, salla: SallaView | None) -> Iterator[Violation]:
    """Decisions against outcomes, and the last price known against history and Salla."""
    yield from _outcomes(facts)
    known, connected = _known(facts)
    yield from _history(facts, known)
    if salla is not None:
        shown = salla.prices(sorted(connected))
        for (store, item), price in sorted(known.items()):
            if store in connected and shown.get(store, {}).get(item) != price:
                found = shown.get(store, {}).get(item)
                what = f"store {store}, item {item}: we know {price}, Salla shows {found}"
                yield Violation(3, "salla_shows_another_price", what)


def _outcomes(facts: Facts) -> Iterator[Violation]:
    outcome: dict[UUID, list[onboarding.WriteEvent]] = {}
    for event in facts.events("onboarding", onboarding.WriteEvent):
        if isinstance(event, OUTCOMES):
            outcome.setdefault(event.decision_id, []).append(event)
    for decision in facts.events("optimizer", optimizer.PriceDecided):
        name = f"decision {decision.decision_id}, store {decision.store_id}"
        found = outcome.get(decision.decision_id, [])
        if len(found) != 1:
            yield Violation(3, "decision_without_one_outcome", f"{name} has {[type(e).__name__ for e in found]}")
        for event in found:
            if isinstance(event, onboarding.PriceApplied) and event.base_price != decision.base_price:
                what = f"{name}: {event.base_price} applied, {decision.base_price} decided"
                yield Violation(3, "another_price_applied", what)


def _known(facts: Facts) -> tuple[dict[Item, int], set[str]]:
    """The last base price of each item in onboarding's log, and the stores that can be read."""
    known: dict[Item, int] = {}
    connected: set[str] = set()
    for row in facts.logs["onboarding"]:
        match row.event:
            case onboarding.StoreAuthorized() | onboarding.StoreReauthorized():
                connected.add(row.event.store_id)
            case onboarding.StoreUninstalled() | onboarding.ReauthorizationRequired():
                connected.discard(row.event.store_id)
            case onboarding.CatalogObserved():
                _observe(known, row.event)
            case onboarding.CatalogItemsRemoved():
                for key in row.event.keys:
                    known.pop((row.event.store_id, key), None)
            case onboarding.PriceApplied():
                known[_item(row.event)] = row.event.base_price
            case onboarding.ManualEditDetected():
                known[_item(row.event)] = row.event.found_base_price
            case _:
                pass
    return known, connected


def _observe(known: dict[Item, int], event: onboarding.CatalogObserved) -> None:
    for item in event.items:
        if item.has_variants or item.status is onboarding.ItemStatus.DELETED:
            known.pop((event.store_id, item.key), None)
        else:
            known[event.store_id, item.key] = item.base_price


def _item(event: onboarding.PriceApplied | onboarding.ManualEditDetected) -> Item:
    return event.store_id, item_key(event.product_id, event.variant_id)


def _history(facts: Facts, known: dict[Item, int]) -> Iterator[Violation]:
    tables = {"ledger_prices": "ledger_knows_another_price", "history_ends": "history_ends_with_another_price"}
    for query, rule in tables.items():
        found = {(row["store_id"], row["item"]): row["base_price"] for row in facts.rows(query)}
        for item, price in sorted(known.items()):
            if found.get(item) != price:
                what = f"store {item[0]}, item {item[1]}: onboarding knows {price}, audit {found.get(item)}"
                yield Violation(3, rule, what)
