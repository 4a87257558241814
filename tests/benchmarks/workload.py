"""The work that both sides do: which stores, which policy, which offers of rivals.

Everything is a function of store and item, so that both sides decide from equal facts and must end with equal prices.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from thaman_contracts.events.onboarding import CatalogItem, ItemStatus
from thaman_contracts.events.settings import AutomationMode, StoreSettings
from thaman_contracts.money import add_bp

SETTINGS = StoreSettings(mode=AutomationMode.FULL_AUTO)
"""The protecting defaults, except that nobody is asked for low and medium risk."""

RIVALS = ("north", "coast", "hill")
_SPREAD_BP = (-80, 0, 80)


@dataclass(frozen=True, slots=True)
class Size:
    """How much work; ``products`` is a store's, variants not counted."""

    stores: int
    products: int

    @property
    def catalogue(self) -> int:
        """Products of all stores."""
        return self.stores * self.products


@dataclass(frozen=True, slots=True)
class SeededOffer:
    """One rival's offer, as it was read shortly before the sweep."""

    store_id: str
    item_key: str
    competitor: str
    url: str
    price: int
    observed_at: datetime


def offers_for(store_id: str, item: CatalogItem, observed_at: datetime) -> Iterator[SeededOffer]:
    """Three fresh offers that ask for a change of two to five per cent, up or down; none for what has no price."""
    if item.has_variants or item.status is ItemStatus.DELETED:
        return
    number = int.from_bytes(hashlib.sha256(f"{store_id} {item.key}".encode()).digest()[:4], "big")
    move_bp = 200 + number % 300
    middle = add_bp(item.shelf_price, move_bp if number & 0x1000 else -move_bp)
    for rival, spread_bp in zip(RIVALS, _SPREAD_BP, strict=True):
        url = f"https://{rival}.example/{store_id}/{item.key}"
        yield SeededOffer(store_id, item.key, rival, url, add_bp(middle, spread_bp), observed_at)
