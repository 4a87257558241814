"""For the audit's tests: the events of one store's first price change, from its connection to the read-back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from thaman_audit.testing import NOW
from thaman_contracts.events import EventData, onboarding, optimizer, scheduler
from thaman_contracts.events.settings import AutomationMode, StoreSettings, Strategy
from thaman_contracts.ids import decision_id, item_key, proposal_id, run_id


def authorized(store_id: str, **changes: Any) -> onboarding.StoreAuthorized:
    """A store was connected."""
    fields: dict[str, Any] = {
        "name": f"متجر {store_id}",
        "plan": "pro",
        "store_type": "live",
        "currency": "SAR",
        "prices_include_vat": True,
        "vat_bp": 1_500,
        "via": onboarding.InstallPath.CALLBACK,
        "scopes": ("products.read_write",),
        "fence": 0,
        "settings_version": 1,
        "settings": StoreSettings(mode=AutomationMode.FULL_AUTO),
    }
    return onboarding.StoreAuthorized(store_id=store_id, occurred_at=NOW, **fields | changes)


def observed(store_id: str, *prices: tuple[str, int], minutes: int = 1) -> onboarding.CatalogObserved:
    """Salla showed these items at these prices (halalas)."""
    return onboarding.CatalogObserved(
        store_id=store_id,
        occurred_at=NOW + timedelta(minutes=minutes),
        source=onboarding.ObservationSource.SWEEP,
        prices_include_vat=True,
        vat_bp=1_500,
        items=tuple(
            onboarding.CatalogItem(
                product_id=product,
                name="عطر",
                status=onboarding.ItemStatus.SALE,
                currency="SAR",
                base_price=price,
                shelf_price=price,
            )
            for product, price in prices
        ),
    )


def price_change(
    store_id: str, product: str, old: int, new: int, *, cause: str = "r1", minutes: int = 2
) -> list[EventData]:
    """A whole run over one item: asked for, proposed, decided, written, read back."""
    change = _Change(store_id, product, old, new, run_id(store_id, cause), NOW + timedelta(minutes=minutes))
    return [*_run_events(change), *_write_events(change)]


@dataclass(frozen=True)
class _Change:
    store_id: str
    product: str
    old: int
    new: int
    run: UUID
    at: datetime


def _run_events(change: _Change) -> list[EventData]:
    old, new = change.old, change.new
    common: dict[str, Any] = {"store_id": change.store_id, "occurred_at": change.at, "run_id": change.run}
    proposal = proposal_id(change.run, item_key(change.product, None))
    item: dict[str, Any] = {**common, "proposal_id": proposal, "product_id": change.product}
    limits: dict[str, Any] = {
        "currency": "SAR",
        "floor": 1,
        "ceiling": 10**9,
        "fence": 0,
        "settings_version": 1,
        "risk": optimizer.Risk.LOW,
    }
    lapse = {"expires_at": NOW + timedelta(days=2)}
    numbers = optimizer.RunStatistics(
        analysed=1, updated=1, asked=0, held=0, skipped=0, competitors=2, offers_usable=2, duration_ms=7
    )
    trigger = scheduler.Trigger.RUN_NOW
    return [
        scheduler.OptimizationRequested(**common, slot=NOW, trigger=trigger, requested_by="operator"),
        optimizer.OptimizationStarted(
            **common, trigger=trigger, slot=NOW, items=1, mode=AutomationMode.FULL_AUTO, settings_version=1,
            engine_version="1",
        ),
        optimizer.PriceProposed(
            **item, **limits, **lapse, old_base_price=old, new_base_price=new, old_shelf_price=old,
            new_shelf_price=new, reference=new, offers_used=2, strategy=Strategy.MATCH, risk_reasons=(),
            disposition=optimizer.Disposition.WRITE, trail=(), engine_version="1", input_digest="d",
            reason_ar="مطابقة السوق", reason_en="Matches the market",
        ),
        optimizer.PriceDecided(
            **item, **limits, **lapse, decision_id=decision_id(proposal), expected_base_price=old, base_price=new,
            shelf_price=new, max_step_bp=5_000, changes_per_day=24, prices_include_vat=True, vat_bp=1_500,
            decided_by="policy",
        ),
        optimizer.OptimizationCompleted(**common, trigger=trigger, statistics=numbers),
    ]  # fmt: skip


def _write_events(change: _Change) -> list[EventData]:
    old, new, at = change.old, change.new, change.at
    decision = decision_id(proposal_id(change.run, item_key(change.product, None)))
    common: dict[str, Any] = {
        "store_id": change.store_id,
        "run_id": change.run,
        "decision_id": decision,
        "product_id": change.product,
    }
    return [
        onboarding.PriceWriteStarted(
            **common, occurred_at=at + timedelta(seconds=1), attempt=1, call="single", expected_base_price=old,
            target_base_price=new, fence=0,
        ),
        onboarding.PriceApplied(
            **common, occurred_at=at + timedelta(seconds=2), old_base_price=old, base_price=new, shelf_price=new,
            settled_by="answer",
        ),
    ]  # fmt: skip
