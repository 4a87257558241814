"""From Salla's orders to demand without persons: sweeps and webhooks end in the same few lines here."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from thaman_contracts.events.onboarding import ObservationSource, OrderLine, OrderState
from thaman_contracts.ids import derived_id
from thaman_contracts.money import round_div
from thaman_kit.application import UnitOfWork
from thaman_kit.clock import Clock
from thaman_onboarding.adapters.catalogue_store import CatalogueStore, keep_order
from thaman_onboarding.adapters.salla_shapes import OrderHead, OrderItem
from thaman_onboarding.domain.catalogue import SalesObserved
from thaman_onboarding.domain.sales import SKEW, OrderView


def head_digest(head: OrderHead) -> str:
    """Equal as long as an order in a list looks the same."""
    return json.dumps([head.status.slug, head.total, head.is_pending_payment])


def line_of(item: OrderItem) -> OrderLine:
    """One line; the unit price is the line's total with VAT over its pieces, unknown where Salla does not tell."""
    quantity = max(item.quantity or 0, 0)
    total = item.amounts.total
    return OrderLine(
        product_id=item.product_key,
        sku=item.sku,
        quantity=quantity,
        unit_price=None if total is None or quantity == 0 else round_div(total, quantity),
    )


def joined(lines: Iterable[OrderLine], by_sku: Mapping[str, tuple[str, str | None]]) -> tuple[OrderLine, ...]:
    """Lines with product and variant filled in from the SKU, where exactly one item of the catalogue carries it."""
    return tuple(_joined(line, by_sku.get(line.sku or "")) for line in lines)


def _joined(line: OrderLine, found: tuple[str, str | None] | None) -> OrderLine:
    if found is None or line.product_id not in (None, found[0]):
        return line
    return line.model_copy(update={"product_id": found[0], "variant_id": found[1]})


@dataclass(frozen=True, slots=True)
class _Order:
    store_id: str
    view: OrderView
    known: Mapping[str, Any] | None
    content: dict[str, Any]


class OrderBook:
    """Records the present state of orders, each change once."""

    def __init__(self, store: CatalogueStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def record(self, uow: UnitOfWork, store_id: str, views: list[OrderView], source: ObservationSource) -> int:
        """Publish the orders that differ from what is known; returns how many did."""
        known = self._store.orders(store_id, [view.order_id for view in views])
        lines = [line for view in views for line in view.lines or ()]
        by_sku = self._store.by_sku(store_id, sorted({line.sku for line in lines if line.sku}))
        changes = 0
        for view in views:
            before = known.get(view.order_id)
            content = _content(view, before, by_sku)
            if content is not None and not _outdated(view, before, source):
                changes += self._change(uow, _Order(store_id, view, before, content), source)
        return changes

    def _change(self, uow: UnitOfWork, order: _Order, source: ObservationSource) -> bool:
        store_id, view, known, content = order.store_id, order.view, order.known, order.content
        refunded = view.refunded or bool(known and known["refunded"])
        state = OrderState.NOT_COUNTED if refunded else view.state
        same = known is not None and known["content"] == content and known["state"] == state.value
        row = {
            "store_id": store_id,
            "order_id": view.order_id,
            "version": (known["version"] if known else 0) + (not same),
            "state": state.value,
            "head_digest": view.head_digest,
            "content": content,
            "refunded": refunded,
            "provider_time": _provider_time(view, known, source),
        }
        keep_order(uow, row)
        if not same:
            uow.record(self._event(store_id, row, source))
        return not same

    def _event(self, store_id: str, row: Mapping[str, Any], source: ObservationSource) -> SalesObserved:
        return SalesObserved.model_validate(
            {
                "originator_id": derived_id("order", store_id, row["order_id"]),
                "originator_version": row["version"],
                "store_id": store_id,
                "occurred_at": self._clock.now(),
                "order_id": row["order_id"],
                "state": row["state"],
                "placed_at": row["content"]["placed_at"],
                "source": source,
                "lines": row["content"]["lines"],
                "refunded": row["refunded"],
                "told_at": row["provider_time"],
            }
        )


def _content(
    view: OrderView, known: Mapping[str, Any] | None, by_sku: Mapping[str, tuple[str, str | None]]
) -> dict[str, Any] | None:
    """What the order's row holds; ``None`` when neither the news nor an earlier one tells enough."""
    before = known["content"] if known else {}
    placed_at = before.get("placed_at") or (view.placed_at and _text(view.placed_at))
    if view.lines is None:
        lines = before.get("lines")
    else:
        lines = [line.model_dump(mode="json") for line in joined(view.lines, by_sku)]
    if placed_at is None or lines is None:
        return None
    return {"placed_at": placed_at, "lines": lines}


def _text(moment: datetime) -> str:
    """An instant as events hold it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _provider_time(view: OrderView, known: Mapping[str, Any] | None, source: ObservationSource) -> datetime:
    """Salla's time of the latest news, with which webhooks to come are compared."""
    told_at = view.told_at - SKEW if source is ObservationSource.SWEEP else view.told_at
    return max(told_at, known["provider_time"]) if known else told_at


def _outdated(view: OrderView, known: Mapping[str, Any] | None, source: ObservationSource) -> bool:
    """Whether newer news is known: among webhooks Salla's time decides, a sweep yields to what came after it began."""
    if known is None:
        return False
    if source is ObservationSource.SWEEP:
        return bool(known["observed_at"] > view.told_at)
    return bool(view.told_at < known["provider_time"])
