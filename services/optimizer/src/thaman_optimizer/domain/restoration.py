"""One item in one undo: an earlier price, asked for and decided in the same breath."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from thaman_contracts.events.optimizer import UndoScope
from thaman_contracts.ids import decision_id, item_key, proposal_id
from thaman_contracts.money import change_bp
from thaman_kit.domain import Aggregate, DomainEvent
from thaman_optimizer.domain import policy
from thaman_optimizer.domain.events import PriceDecided, PriceReverted
from thaman_optimizer.domain.facts import StoreFacts
from thaman_optimizer.domain.undo import Restore


class Restoration(Aggregate):
    """What an undo does to one item. The id is derived from undo and item, so doing it twice is doing it once."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.decided = False

    @classmethod
    def of(cls, undo_id: UUID, restore: Restore) -> Self:
        """The still empty restoration of an item in an undo."""
        return cls(proposal_id(undo_id, item_key(restore.item.product_id, restore.item.variant_id)))

    def restore(
        self, undo_id: UUID, store: StoreFacts, restore: Restore, scope: UndoScope, by: str, now: datetime
    ) -> None:
        """Decide that the earlier price is written; ``store`` has the settings in force."""
        names = {
            "store_id": store.store_id,
            "occurred_at": now,
            "proposal_id": self.id,
            "run_id": undo_id,
            "product_id": restore.item.product_id,
            "variant_id": restore.item.variant_id,
        }
        last = restore.undone[-1]
        self.trigger(
            PriceReverted,
            **names,
            reverts_decision_id=last,
            reverted_by=by,
            scope=scope,
            reverts_decision_ids=restore.undone,
        )
        self.trigger(
            PriceDecided,
            **names,
            decision_id=decision_id(self.id),
            decided_by=by,
            reverts_decision_id=last,
            expires_at=now + policy.DECISION_LIFETIME,
            **_prices(restore),
            **_in_force(store, restore),
        )

    def when(self, event: DomainEvent) -> None:
        """Fold one event."""
        match event:
            case PriceReverted():
                pass  # the decision follows in the same save
            case PriceDecided():
                self.decided = True
            case _:
                super().when(event)


def _prices(restore: Restore) -> dict[str, Any]:
    return {
        "currency": restore.item.currency,
        "expected_base_price": restore.item.base_price,
        "base_price": restore.base_price,
        "shelf_price": restore.shelf_price,
        "floor": restore.limits.floor,
        "ceiling": restore.limits.ceiling,
        "risk": restore.risk,
    }


def _in_force(store: StoreFacts, restore: Restore) -> dict[str, Any]:
    # The person saw both prices, so the writer has to let exactly this step through (docs/adr/0006).
    step_bp = abs(change_bp(restore.item.base_price, restore.base_price))
    return {
        "max_step_bp": max(store.settings.max_step_bp, step_bp),
        "changes_per_day": store.settings.changes_per_day,
        "prices_include_vat": store.prices_include_vat,
        "vat_bp": store.vat_bp,
        "fence": store.fence,
        "settings_version": store.settings_version,
    }
