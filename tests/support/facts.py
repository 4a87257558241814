"""Facts of a plain store and a plain item, to be changed where a test needs them otherwise."""

from datetime import UTC, datetime, timedelta
from typing import Any

from thaman_contracts.events.onboarding import ItemStatus
from thaman_contracts.events.optimizer import OfferFitness
from thaman_contracts.events.settings import StoreSettings
from thaman_optimizer.domain.facts import ItemFacts, OfferFacts, StoreFacts
from thaman_optimizer.domain.past import ItemPast

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

NO_PAST = ItemPast(brand=None, category=None, stock=None, changed_at=None)


def make_store(**changes: Any) -> StoreFacts:
    """A connected VAT-exclusive store whose policy writes alone."""
    settings = {"mode": "full_auto", "ending": "exact"} | changes.pop("settings", {})
    facts: dict[str, Any] = {
        "store_id": "1",
        "currency": "SAR",
        "prices_include_vat": True,
        "vat_bp": 1_500,
        "connected": True,
        "paused": False,
        "stopped": False,
        "entitled": True,
        "fence": 3,
        "settings": StoreSettings.model_validate(settings),
        "settings_version": 1,
        "catalogue_at": NOW - timedelta(hours=1),
    }
    return StoreFacts(**facts | changes)


def make_offer(price: int | None, competitor: str = "rival", **changes: Any) -> OfferFacts:
    """A fresh, certain offer."""
    facts: dict[str, Any] = {
        "competitor": competitor,
        "url": f"https://{competitor}.example/p",
        "fitness": OfferFitness.USABLE,
        "price": price,
        "in_stock": True,
        "confidence_bp": 10_000,
        "observed_at": NOW - timedelta(minutes=5),
    }
    return OfferFacts(**facts | changes)


def make_item(*prices: int, **changes: Any) -> ItemFacts:
    """An item for 100.00 that costs 50.00, with one rival at each of ``prices``."""
    facts: dict[str, Any] = {
        "product_id": "10",
        "variant_id": None,
        "currency": "SAR",
        "status": ItemStatus.SALE,
        "base_price": 10_000,
        "shelf_price": 10_000,
        "sale_price": None,
        "sale_ends_on": None,
        "sale_running": False,
        "cost": 5_000,
        "baseline": 10_000,
        "offers": tuple(make_offer(price, f"rival{number}") for number, price in enumerate(prices)),
    }
    return ItemFacts(**facts | changes)
