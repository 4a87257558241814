"""For the dashboard's tests: what the services say of a store, one event at a time.

Times are minutes after :data:`thaman_dashboard.testing.NOW`, prices are halalas; ids follow from their causes as the
services make them.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from thaman_contracts.events import EventData, advice, onboarding, optimizer, scheduler
from thaman_contracts.events.settings import AutomationMode, ItemRule, StoreSettings, Strategy, SystemSettings
from thaman_contracts.ids import SYSTEM, decision_id, item_key, proposal_id, run_id, split_item_key
from thaman_dashboard.testing import NOW


def told(kind: type[EventData], store_id: str, minutes: int, **fields: Any) -> Any:
    """An event of a store."""
    return kind.model_validate({"store_id": store_id, "occurred_at": NOW + timedelta(minutes=minutes), **fields})


def authorized(store_id: str, minutes: int = 0, **changes: Any) -> onboarding.StoreAuthorized:
    """A store was connected."""
    fields: dict[str, Any] = {
        "name": f"متجر {store_id}",
        "domain": f"https://{store_id}.example",
        "plan": "pro",
        "store_type": "live",
        "currency": "SAR",
        "prices_include_vat": True,
        "vat_bp": 1_500,
        "via": "callback",
        "scopes": ("products.read_write",),
        "fence": 0,
        "settings_version": 1,
        "settings": StoreSettings(mode=AutomationMode.SEMI_AUTO),
    }
    made: onboarding.StoreAuthorized = told(onboarding.StoreAuthorized, store_id, minutes, **fields | changes)
    return made


def item(key: str, price: int, **changes: Any) -> onboarding.CatalogItem:
    """An item as Salla shows it; its base price is its shelf price."""
    product_id, variant_id = split_item_key(key)
    fields: dict[str, Any] = {
        "product_id": product_id,
        "variant_id": variant_id,
        "name": f"عطر {key}",
        "sku": f"SKU-{key}",
        "status": "sale",
        "currency": "SAR",
        "base_price": price,
        "shelf_price": price,
        "cost": price // 2,
        "stock": 5,
    }
    return onboarding.CatalogItem.model_validate(fields | changes)


def observed(store_id: str, minutes: int, *items: onboarding.CatalogItem) -> onboarding.CatalogObserved:
    """Salla showed these items."""
    made: onboarding.CatalogObserved = told(
        onboarding.CatalogObserved, store_id, minutes, source="sweep", prices_include_vat=True, vat_bp=1_500,
        items=items,
    )  # fmt: skip
    return made


def edited(store_id: str, minutes: int, key: str, before: int, found: int) -> onboarding.ManualEditDetected:
    """Somebody edited a base price by hand."""
    made: onboarding.ManualEditDetected = told(
        onboarding.ManualEditDetected, store_id, minutes, **_named(key), expected_base_price=before,
        found_base_price=found, found_by="sweep",
    )  # fmt: skip
    return made


def rules(store_id: str, minutes: int, *given: ItemRule) -> onboarding.ItemRulesChanged:
    """The merchant's limits."""
    made: onboarding.ItemRulesChanged = told(
        onboarding.ItemRulesChanged, store_id, minutes, rules=given, changed_by="key_1"
    )
    return made


def system(minutes: int, *, stopped: bool, fence: int) -> onboarding.SystemSettingsChanged:
    """An operator stopped the installation, or let it go on."""
    made: onboarding.SystemSettingsChanged = told(
        onboarding.SystemSettingsChanged, SYSTEM, minutes, settings_version=fence + 1,
        settings=SystemSettings(stopped=stopped), system_fence=fence, changed_by="key_0",
    )  # fmt: skip
    return made


class Run:
    """What is said of one run of a store."""

    def __init__(self, store_id: str, cause: str = "r1") -> None:
        self.store_id = store_id
        self.run_id = run_id(store_id, cause)

    def proposal(self, key: str) -> UUID:
        """The id of what the run says of an item."""
        return proposal_id(self.run_id, key)

    def decision(self, key: str) -> UUID:
        """The id of the decision that it may become."""
        return decision_id(self.proposal(key))

    def asked(self, minutes: int, **changes: Any) -> scheduler.OptimizationRequested:
        """The scheduler asked for it."""
        fields: dict[str, Any] = {"slot": NOW, "trigger": "schedule", "requested_by": "scheduler"}
        made: scheduler.OptimizationRequested = self._told(scheduler.OptimizationRequested, minutes, fields | changes)
        return made

    def started(self, minutes: int, **changes: Any) -> optimizer.OptimizationStarted:
        """It began."""
        fields: dict[str, Any] = {
            "trigger": "run_now", "slot": NOW, "items": 2, "mode": "semi_auto", "settings_version": 1,
            "engine_version": "1",
        }  # fmt: skip
        made: optimizer.OptimizationStarted = self._told(optimizer.OptimizationStarted, minutes, fields | changes)
        return made

    def completed(self, minutes: int) -> optimizer.OptimizationCompleted:
        """It ended."""
        numbers = dict.fromkeys(optimizer.RunStatistics.model_fields, 1)
        fields = {"trigger": "run_now", "statistics": numbers}
        made: optimizer.OptimizationCompleted = self._told(optimizer.OptimizationCompleted, minutes, fields)
        return made

    def failed(self, minutes: int) -> optimizer.OptimizationFailed:
        """It ended without a result."""
        made: optimizer.OptimizationFailed = self._told(
            optimizer.OptimizationFailed, minutes, {"stage": "scout", "reason": "no page was reached"}
        )
        return made

    def assessed(self, minutes: int) -> advice.MarketAssessed:
        """A crew gave advice."""
        numbers = dict.fromkeys(("input_tokens", "output_tokens", "cost_micro_usd", "latency_ms"), 1)
        words = {"model": "m", "prompt_digest": "d", "summary_ar": "السوق هادئ", "summary_en": "The market is calm"}
        made: advice.MarketAssessed = self._told(advice.MarketAssessed, minutes, numbers | words)
        return made

    def offers(self, minutes: int, *given: tuple[str, str, int | None]) -> optimizer.OffersObserved:
        """Rivals' pages were read: item, address, price; without one the page cannot be used."""
        offers = [
            {
                **_named(key),
                "competitor": "منافس",
                "url": url,
                "fitness": "no_price" if price is None else "usable",
                "price": price,
                "currency": None if price is None else "SAR",
                "in_stock": True,
                "observed_at": NOW + timedelta(minutes=minutes),
            }
            for key, url, price in given
        ]
        made: optimizer.OffersObserved = self._told(optimizer.OffersObserved, minutes, {"offers": offers})
        return made

    def proposed(self, minutes: int, key: str, old: int, new: int, **changes: Any) -> optimizer.PriceProposed:
        """A new price was proposed, to be asked for."""
        fields: dict[str, Any] = {
            **self._item(key), "currency": "SAR", "old_base_price": old, "new_base_price": new,
            "old_shelf_price": old, "new_shelf_price": new, "floor": 1, "ceiling": 10**9, "reference": new,
            "offers_used": 2, "strategy": Strategy.MATCH, "risk": "low", "risk_reasons": (), "disposition": "ask",
            "trail": (), "engine_version": "1", "input_digest": "d", "settings_version": 1, "fence": 0,
            "expires_at": NOW + timedelta(minutes=minutes, days=2), "reason_ar": "السوق أعلى",
            "reason_en": "The market is above",
        }  # fmt: skip
        made: optimizer.PriceProposed = self._told(optimizer.PriceProposed, minutes, fields | changes)
        return made

    def held(self, minutes: int, key: str, reason: str = "movement/cooldown", **changes: Any) -> optimizer.PriceHeld:
        """A price stays."""
        fields: dict[str, Any] = {
            **self._item(key), "reason": reason, "trail": (), "engine_version": "1", "input_digest": "d",
            "reason_ar": "لم تمضِ المدة", "reason_en": "Too soon after the last change",
        }  # fmt: skip
        made: optimizer.PriceHeld = self._told(optimizer.PriceHeld, minutes, fields | changes)
        return made

    def rejected(self, minutes: int, key: str) -> optimizer.PriceRejected:
        """A person refused the proposal."""
        fields = {**self._item(key), "rejected_by": "key_1", "reason": "قريب من العيد"}
        made: optimizer.PriceRejected = self._told(optimizer.PriceRejected, minutes, fields)
        return made

    def expired(self, minutes: int, key: str) -> optimizer.ProposalExpired:
        """Nobody answered."""
        made: optimizer.ProposalExpired = self._told(
            optimizer.ProposalExpired, minutes, {**self._item(key), "reason": "time"}
        )
        return made

    def decided(self, minutes: int, key: str, old: int, new: int, by: str = "key_1") -> optimizer.PriceDecided:
        """The price is to be written."""
        fields: dict[str, Any] = {
            **self._item(key), "decision_id": self.decision(key), "currency": "SAR", "expected_base_price": old,
            "base_price": new, "shelf_price": new, "floor": 1, "ceiling": 10**9, "max_step_bp": 5_000,
            "changes_per_day": 24, "prices_include_vat": True, "vat_bp": 1_500, "fence": 0, "settings_version": 1,
            "risk": "low", "decided_by": by, "expires_at": NOW + timedelta(minutes=minutes, days=2),
        }  # fmt: skip
        made: optimizer.PriceDecided = self._told(optimizer.PriceDecided, minutes, fields)
        return made

    def writing(self, minutes: int, key: str, old: int, new: int) -> onboarding.PriceWriteStarted:
        """Salla is told."""
        fields = {"attempt": 1, "call": "single", "expected_base_price": old, "target_base_price": new, "fence": 0}
        made: onboarding.PriceWriteStarted = self._write(onboarding.PriceWriteStarted, minutes, key, fields)
        return made

    def uncertain(self, minutes: int, key: str, new: int) -> onboarding.PriceApplyUncertain:
        """Nobody knows what came of it."""
        fields = {"attempt": 1, "target_base_price": new, "reason": "timeout"}
        made: onboarding.PriceApplyUncertain = self._write(onboarding.PriceApplyUncertain, minutes, key, fields)
        return made

    def applied(self, minutes: int, key: str, old: int, new: int) -> onboarding.PriceApplied:
        """Salla shows the price."""
        fields = {"old_base_price": old, "base_price": new, "shelf_price": new, "settled_by": "answer"}
        made: onboarding.PriceApplied = self._write(onboarding.PriceApplied, minutes, key, fields)
        return made

    def unwritten(self, minutes: int, key: str) -> onboarding.PriceApplyFailed:
        """Salla refused."""
        fields = {"reason": "refused", "detail": "Salla answered 422"}
        made: onboarding.PriceApplyFailed = self._write(onboarding.PriceApplyFailed, minutes, key, fields)
        return made

    def stale(self, minutes: int, key: str) -> onboarding.PriceDecisionStale:
        """The world had moved."""
        fields = {"reason": "manual_edit", "detail": "found 50.00"}
        made: onboarding.PriceDecisionStale = self._write(onboarding.PriceDecisionStale, minutes, key, fields)
        return made

    def _told(self, kind: type[EventData], minutes: int, fields: dict[str, Any]) -> Any:
        return told(kind, self.store_id, minutes, run_id=self.run_id, **fields)

    def _item(self, key: str) -> dict[str, Any]:
        return {**_named(key), "proposal_id": self.proposal(key)}

    def _write(self, kind: type[EventData], minutes: int, key: str, fields: dict[str, Any]) -> Any:
        return self._told(kind, minutes, {**_named(key), "decision_id": self.decision(key), **fields})


def _named(key: str) -> dict[str, Any]:
    product_id, variant_id = split_item_key(key)
    assert item_key(product_id, variant_id) == key
    return {"product_id": product_id, "variant_id": variant_id}
