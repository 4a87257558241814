"""Fills the peer's tables before the clock runs: what Salla shows, and the rivals' offers."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session

from tests.benchmarks.peer.models import Base, ChainHead, Item, Offer, Store
from tests.benchmarks.salla import VAT_BP, Salla
from tests.benchmarks.workload import SETTINGS, offers_for
from thaman_audit.verify import GENESIS
from thaman_contracts.events.onboarding import CatalogItem, ItemStatus
from thaman_onboarding.domain.vat import VatBasis

Row = dict[str, Any]


def seed(engine: Engine, salla: Salla, store_ids: list[str]) -> None:
    """Create the tables and take in every store."""
    Base.metadata.create_all(engine)
    with ThreadPoolExecutor(2) as pool, Session(engine) as session:
        for store, items, offers in pool.map(lambda one: _read(salla, one), store_ids):
            session.execute(insert(Store), [store])
            session.execute(insert(ChainHead), [{"store_id": store["store_id"], "seq": 0, "hash": GENESIS}])
            session.execute(insert(Item), items)
            session.execute(insert(Offer), offers)
        session.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


def _read(salla: Salla, store_id: str) -> tuple[Row, list[Row], list[Row]]:
    token, basis, now = salla.token(store_id), salla.basis(store_id), datetime.now(UTC)
    store = {
        "store_id": store_id,
        "currency": "SAR",
        "prices_include_vat": basis.prices_include_vat,
        "vat_bp": VAT_BP,
        "active": True,
        "fence": 0,
        "settings": SETTINGS.model_dump(mode="json"),
        "settings_version": 1,
        "catalogue_at": now,
        "access_token": token,
    }
    shown = list(salla.catalogue(token, basis))
    offers = [
        {name: getattr(offer, name) for name in ("store_id", "item_key", "url", "competitor", "price", "observed_at")}
        for item in shown
        for offer in offers_for(store_id, item, now)
    ]
    return store, [_item_row(store_id, item, basis) for item in shown], offers


def _item_row(store_id: str, item: CatalogItem, basis: VatBasis) -> Row:
    names = ("product_id", "variant_id", "name", "currency", "base_price", "shelf_price", "sale_price", "sale_running")
    baseline = basis.shelf(item.base_price) if item.sale_running else item.shelf_price
    unpriced = item.has_variants or item.status is ItemStatus.DELETED
    return {name: getattr(item, name) for name in names} | {
        "store_id": store_id,
        "item_key": item.key,
        "status": item.status.value,
        "sale_ends_on": item.sale_ends_on.isoformat() if item.sale_ends_on else None,
        "cost": item.cost,
        "baseline": None if unpriced else baseline,
        "has_variants": item.has_variants,
    }
