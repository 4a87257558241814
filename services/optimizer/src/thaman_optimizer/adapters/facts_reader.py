"""Reads the facts of a store and its items from the read models, in bulk."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from thaman_contracts.events.onboarding import ItemStatus
from thaman_contracts.events.optimizer import OfferFitness
from thaman_contracts.events.policies import PolicyStage, PricePolicy
from thaman_contracts.events.settings import AutomationMode, StoreSettings
from thaman_contracts.ids import item_key
from thaman_kit.database import Database
from thaman_optimizer.adapters.past_reader import PastReader
from thaman_optimizer.adapters.sql import queries
from thaman_optimizer.domain.engine import is_priced
from thaman_optimizer.domain.facts import ItemFacts, OfferFacts, PolicyFacts, StoreFacts
from thaman_optimizer.domain.localtime import RIYADH
from thaman_optimizer.ports import Catalogue

ENTITLED = frozenset(("trial", "active"))
"""Subscription states in which a store is priced."""


class FactsReader:
    """Facts as they are stored now. Blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pasts = PastReader(database)

    def store(self, store_id: str, now: datetime) -> StoreFacts | None:
        """The store, or ``None`` when it was never connected or is uninstalled."""
        row = self._database.fetch_one(queries()["store"], {"store_id": store_id})
        return _store(row, now) if row is not None and row["installed"] else None

    def items(self, store_id: str, now: datetime, keys: Sequence[str] | None = None) -> Catalogue:
        """The store's items (or those of ``keys``) with rules, edits, changes and offers; two queries."""
        named = {"store_id": store_id, "keys": None if keys is None else list(keys)}
        offers: dict[str, list[OfferFacts]] = defaultdict(list)
        for row in self._database.fetch_all(queries()["linked_offers"], named):
            offers[row["item_key"]].append(_offer(row))
        rows = self._database.fetch_all(queries()["items"], named | {"now": now})
        priced = [row for row in rows if is_priced(ItemStatus(row["status"]), row["has_variants"])]
        return Catalogue(tuple(_item(row, offers[row["item_key"]]) for row in priced), len(rows) - len(priced))

    def with_pasts(self, store_id: str, items: Sequence[ItemFacts], now: datetime) -> tuple[ItemFacts, ...]:
        """The same items with their pasts; two queries."""
        pasts = self._pasts.read(store_id, now)
        return tuple(replace(item, past=pasts[item_key(item.product_id, item.variant_id)]) for item in items)

    def names(self, store_id: str, keys: Sequence[str]) -> dict[str, str]:
        """The names of the items of ``keys`` that the store's catalogue has, by item key."""
        rows = self._database.fetch_all(queries()["item_names"], {"store_id": store_id, "keys": list(keys)})
        return {row["item_key"]: row["name"] for row in rows}

    def known_items(self, store_id: str, keys: Sequence[str]) -> set[str]:
        """Which of ``keys`` the store's catalogue has."""
        rows = self._database.fetch_all(queries()["known_items"], {"store_id": store_id, "keys": list(keys)})
        return {row["item_key"] for row in rows}


def is_entitled(entitlement: str | None, until: date | None, now: datetime) -> bool:
    """Whether the store's subscription covers today in Riyadh; one that Salla never spoke of has none to run out."""
    if entitlement is None:
        return True
    return entitlement in ENTITLED and (until is None or now.astimezone(RIYADH).date() <= until)


def _store(row: dict[str, Any], now: datetime) -> StoreFacts:
    derived = ("settings", "fence", "entitled", "policy", "trial")
    return StoreFacts(
        settings=StoreSettings.model_validate(row["settings"]),
        fence=row["fence_in_force"],
        **{name: row[name] for name in StoreFacts.__slots__ if name not in derived},
        entitled=is_entitled(row["entitlement"], row["entitled_until"], now),
        policy=_policy(row["policy"]),
        trial=_policy(row["trial"]),
    )


def _policy(row: dict[str, Any] | None) -> PolicyFacts | None:
    if row is None:
        return None
    policy = PricePolicy.model_validate(row["document"])
    return PolicyFacts(row["version"], PolicyStage(row["stage"]), row["share_bp"], policy)


def _item(row: dict[str, Any], offers: list[OfferFacts]) -> ItemFacts:
    made = ("status", "cost", "mode", "offers", "past")
    given = {name: row[name] for name in ItemFacts.__slots__ if name not in made}
    return ItemFacts(
        status=ItemStatus(row["status"]),
        cost=row["cost"] if row["own_cost"] is None else row["own_cost"],
        mode=None if row["mode"] is None else AutomationMode(row["mode"]),
        offers=tuple(offers),
        **given,
    )


def _offer(row: dict[str, Any]) -> OfferFacts:
    given = {name: row[name] for name in OfferFacts.__slots__ if name != "fitness"}
    return OfferFacts(fitness=OfferFitness(row["fitness"]), **given)
