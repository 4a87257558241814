"""What the optimizer takes over from onboarding and the scheduler: read models, and runs to be made.

Every write is absolute and every handler looks at nothing but its event, so handling one again changes nothing and all
tables can be filled again from the first event on.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import onboarding, scheduler
from thaman_contracts.events.onboarding import CatalogItem, ItemStatus, ObservationSource, WriteEvent
from thaman_contracts.ids import item_key
from thaman_kit.application import UnitOfWork
from thaman_kit.auth import api_key_router
from thaman_kit.consumers import Router
from thaman_kit.packing import columns
from thaman_kit.plain_sights import SeenItem
from thaman_kit.retention import retention_router
from thaman_optimizer.adapters.sql import queries
from thaman_optimizer.domain.basis import Basis

CONSUMER = "optimizer"
UPSTREAMS = ("onboarding", "scheduler")
RUN_QUEUE = "optimize"

router = Router()
router.include(api_key_router)
router.include(retention_router)


@router.on(onboarding.StoreAuthorized)
def store_authorized(event: onboarding.StoreAuthorized, envelope: Envelope, uow: UnitOfWork) -> None:
    """A store to price."""
    row = _pick(
        event, "store_id", "name", "domain", "currency", "prices_include_vat", "vat_bp", "fence", "settings_version"
    )
    uow.execute(queries()["upsert_store"], row | {"settings": event.settings.model_dump_json()})


@router.on(onboarding.StoreReauthorized)
def store_reauthorized(event: onboarding.StoreReauthorized, envelope: Envelope, uow: UnitOfWork) -> None:
    """The store can be reached again."""
    uow.execute(queries()["reconnect_store"], _pick(event, "store_id", "prices_include_vat", "vat_bp"))


@router.on(onboarding.ReauthorizationRequired)
def store_disconnected(event: onboarding.ReauthorizationRequired, envelope: Envelope, uow: UnitOfWork) -> None:
    """The store cannot be reached until its merchant connects it again."""
    uow.execute(queries()["disconnect_store"], {"store_id": event.store_id})


@router.on(onboarding.StoreUninstalled)
def store_uninstalled(event: onboarding.StoreUninstalled, envelope: Envelope, uow: UnitOfWork) -> None:
    """The store is gone; what is known of it stays for its history."""
    uow.execute(queries()["uninstall_store"], _pick(event, "store_id", "fence"))


@router.on(onboarding.StoreForgotten)
def store_forgotten(event: onboarding.StoreForgotten, envelope: Envelope, uow: UnitOfWork) -> None:
    """Whose store it was is not to be known any more; its prices stay for its history."""
    uow.execute(queries()["forget_store"], {"store_id": event.store_id, "name": onboarding.FORGOTTEN})


@router.on(onboarding.StoreSettingsChanged)
def settings_changed(event: onboarding.StoreSettingsChanged, envelope: Envelope, uow: UnitOfWork) -> None:
    """Another pricing policy."""
    row = {"settings": event.settings.model_dump_json()} | _pick(event, "store_id", "settings_version")
    uow.execute(queries()["change_settings"], row)


@router.on(onboarding.ItemRulesChanged)
def rules_changed(event: onboarding.ItemRulesChanged, envelope: Envelope, uow: UnitOfWork) -> None:
    """What the merchant says of single items."""
    names = ("min_price", "max_price", "locked", "season_ends_on", "salvage", "cost", "mode")
    rows = [_pick(rule, *names) | {"store_id": event.store_id, "item_key": rule.key} for rule in event.rules]
    uow.execute_many(queries()["set_rule"], rows)


@router.on(onboarding.StorePaused)
def store_paused(event: onboarding.StorePaused, envelope: Envelope, uow: UnitOfWork) -> None:
    """Hands off."""
    uow.execute(queries()["set_paused"], _pick(event, "store_id", "fence") | {"paused": True})


@router.on(onboarding.StoreResumed)
def store_resumed(event: onboarding.StoreResumed, envelope: Envelope, uow: UnitOfWork) -> None:
    """Prices may move again."""
    uow.execute(queries()["set_paused"], _pick(event, "store_id", "fence") | {"paused": False})


@router.on(onboarding.EntitlementChanged)
def entitlement_changed(event: onboarding.EntitlementChanged, envelope: Envelope, uow: UnitOfWork) -> None:
    """Trial and subscription."""
    uow.execute(queries()["set_entitled"], _pick(event, "store_id", "status", "ends_on"))


@router.on(onboarding.SystemSettingsChanged)
def system_changed(event: onboarding.SystemSettingsChanged, envelope: Envelope, uow: UnitOfWork) -> None:
    """The emergency stop of the whole installation."""
    row = {"stopped": event.settings.stopped, "fence": event.system_fence, "settings_version": event.settings_version}
    uow.execute(queries()["set_system"], row)


@router.on(onboarding.CatalogObserved)
def catalogue_observed(event: onboarding.CatalogObserved, envelope: Envelope, uow: UnitOfWork) -> None:
    """Items as they are in Salla now."""
    keep_sights(uow, [event])


def keep_sights(uow: UnitOfWork, sights: Sequence[onboarding.CatalogObserved]) -> None:
    """What was seen of items, in its order; of no item twice, unless in one event."""
    rest = [item_row(event, item) for event in sights for item in event.items]
    while rest:  # a second time only where an event shows an item twice
        first = {(row["store_id"], row["item_key"]): row for row in reversed(rest)}
        _execute_columns(uow, "upsert_items", list(first.values())[::-1])
        rest = [row for row in rest if first[row["store_id"], row["item_key"]] is not row]
    seen = {
        (event.store_id, item.key): _shelf_row(event, item)
        for event in sights
        for item in event.items
        if not item.has_variants
    }
    if seen:
        _execute_columns(uow, "shelf_seen", list(seen.values()))
    for event in sights:
        catalogue_read(uow, event)


def catalogue_read(uow: UnitOfWork, event: onboarding.CatalogObserved) -> None:
    """A sweep of the catalogue came to its end, if this is its last page."""
    if event.last_page and event.source is ObservationSource.SWEEP:
        row = _pick(event, "store_id", "prices_include_vat", "vat_bp") | {"at": event.occurred_at}
        uow.execute(queries()["catalogue_read"], row)


@router.on(onboarding.CatalogItemsRemoved)
def items_removed(event: onboarding.CatalogItemsRemoved, envelope: Envelope, uow: UnitOfWork) -> None:
    """Items that are no more."""
    uow.execute(queries()["remove_items"], {"store_id": event.store_id, "keys": list(event.keys)})


@router.on(onboarding.SalesObserved)
def sales_observed(event: onboarding.SalesObserved, envelope: Envelope, uow: UnitOfWork) -> None:
    """An order as it stands now."""
    row = {
        "store_id": event.store_id,
        "order_id": event.order_id,
        "state": event.state.value,
        "placed_at": event.placed_at,
        "lines": json.dumps([line.model_dump(mode="json") for line in event.lines]),
    }
    uow.execute(queries()["upsert_order"], row)


@router.on(onboarding.ManualEditDetected)
def hand_edit(event: onboarding.ManualEditDetected, envelope: Envelope, uow: UnitOfWork) -> None:
    """Somebody set a price by hand: it is theirs for a while."""
    row = {
        "store_id": event.store_id,
        "item_key": item_key(event.product_id, event.variant_id),
        "found_base_price": event.found_base_price,
        "edited_at": event.occurred_at,
    }
    uow.execute(queries()["hand_edit"], row)


@router.on(onboarding.PriceWriteStarted)
def write_started(event: onboarding.PriceWriteStarted, envelope: Envelope, uow: UnitOfWork) -> None:
    """A decision is on its way to Salla."""
    _report(uow, event, "writing", old_base_price=event.expected_base_price, base_price=event.target_base_price)


@router.on(onboarding.PriceApplyUncertain)
def write_uncertain(event: onboarding.PriceApplyUncertain, envelope: Envelope, uow: UnitOfWork) -> None:
    """Nobody knows yet whether the price was written."""
    _report(uow, event, "uncertain", base_price=event.target_base_price, reason=event.reason)


@router.on(onboarding.PriceApplied)
def price_applied(event: onboarding.PriceApplied, envelope: Envelope, uow: UnitOfWork) -> None:
    """The decided price is on the shelf."""
    prices = _pick(event, "old_base_price", "base_price", "shelf_price")
    _report(uow, event, "applied", **prices, settled_at=event.occurred_at)


@router.on(onboarding.PriceApplyFailed)
def write_failed(event: onboarding.PriceApplyFailed, envelope: Envelope, uow: UnitOfWork) -> None:
    """Salla would not take the price."""
    _report(uow, event, "failed", reason=f"{event.reason}: {event.detail}", settled_at=event.occurred_at)


@router.on(onboarding.PriceDecisionStale)
def decision_stale(event: onboarding.PriceDecisionStale, envelope: Envelope, uow: UnitOfWork) -> None:
    """The world moved before the price was written."""
    _report(uow, event, "stale", reason=f"{event.reason.value}: {event.detail}", settled_at=event.occurred_at)


@router.on(scheduler.OptimizationRequested)
def run_requested(event: scheduler.OptimizationRequested, envelope: Envelope, uow: UnitOfWork) -> None:
    """A run is due: it talks to other people's servers and so is a job of its own."""
    payload = event.model_dump(mode="json", include={"run_id", "slot", "trigger"})
    uow.enqueue(RUN_QUEUE, str(event.run_id), event.store_id, payload)


_SHELF = ("brand", "category", "sale_running", "cost", "stock", "unlimited", "has_variants", "gtin", "mpn")


def item_row(event: onboarding.CatalogObserved, item: CatalogItem) -> dict[str, Any]:
    """What a sight says of one item."""
    basis = Basis(event.prices_include_vat, event.vat_bp)
    names = ("product_id", "variant_id", "name", "currency", "base_price", "shelf_price", "sale_price", "sale_ends_on")
    # A price that a sale lowers is no baseline; the base price behind it is.
    baseline = basis.shelf(item.base_price) if item.sale_running else item.shelf_price
    unpriced = item.has_variants or item.status is ItemStatus.DELETED or baseline <= 0
    return _pick(item, *names, *_SHELF) | {
        "store_id": event.store_id,
        "observed_at": event.occurred_at,
        "item_key": item.key,
        "status": item.status.value,
        "baseline": None if unpriced else baseline,
    }


def _shelf_row(event: onboarding.CatalogObserved, item: CatalogItem) -> dict[str, Any]:
    day = event.occurred_at.date()
    return {
        "store_id": event.store_id,
        "item_key": item.key,
        "week": day - timedelta(days=day.weekday()),
        "day": day.isoweekday(),
        "price": item.shelf_price,
        "stocked": is_stocked(item),
    }


def is_stocked(item: CatalogItem | SeenItem) -> bool:
    """Whether a shopper could buy it, as far as Salla tells."""
    sold_out = item.stock is not None and item.stock <= 0 and not item.unlimited
    return item.status is ItemStatus.SALE and not sold_out


def _report(uow: UnitOfWork, event: WriteEvent, state: str, **known: Any) -> None:
    row = _pick(event, "decision_id", "store_id", "run_id", "product_id", "variant_id") | {
        "item_key": item_key(event.product_id, event.variant_id),
        "state": state,
        "old_base_price": None,
        "base_price": None,
        "shelf_price": None,
        "reason": None,
        "settled_at": None,
    }
    uow.execute_together(queries()["decisions_reported"], row | known)


def _execute_columns(uow: UnitOfWork, name: str, rows: Sequence[dict[str, Any]]) -> None:
    statement = queries()[name]
    uow.execute(statement, columns(statement, rows))


def _pick(source: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(source, name) for name in names}
