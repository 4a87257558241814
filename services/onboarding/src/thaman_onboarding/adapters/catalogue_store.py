"""What is known of catalogues and orders, in PostgreSQL: reads, and effects for a unit of work."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from thaman_contracts.events.onboarding import CatalogItem
from thaman_contracts.events.settings import StoreSettings
from thaman_kit.application import UnitOfWork
from thaman_kit.database import Database, load_queries
from thaman_onboarding.adapters.columns import execute_columns
from thaman_onboarding.domain.catalogue import KnownItem, SeenItem
from thaman_onboarding.domain.vat import VatBasis

_sql = partial(load_queries, "thaman_onboarding", "adapters/reading.sql")


@dataclass(frozen=True, slots=True)
class StoreView:
    """A store as reading and writing see it. ``fence`` is the store's plus the installation's; ``now`` is the
    database's time; ``blocked_seconds`` is how long Salla still does not let us in, negative when a block is over,
    ``None`` when there was none."""

    store_id: str
    version: int
    connected: bool
    installed: bool
    paused: bool
    stopped: bool
    entitled: bool
    fence: int
    settings: StoreSettings
    settings_version: int
    basis: VatBasis
    currency: str
    now: datetime
    blocked_seconds: float | None = None

    @property
    def is_blocked(self) -> bool:
        """Whether Salla does not let us in for this store."""
        return self.blocked_seconds is not None and self.blocked_seconds > 0


class CatalogueStore:
    """Reads of the catalogue's tables; blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(self, store_id: str) -> StoreView | None:
        """The store, or ``None`` when it was never connected."""
        row = self._database.fetch_one(_sql()["store"], {"store_id": store_id})
        if row is None:
            return None
        return StoreView(
            store_id=row["store_id"],
            version=row["version"],
            connected=row["connected"],
            installed=row["installed"],
            paused=row["paused"],
            stopped=row["stopped"],
            entitled=row["entitled"],
            fence=row["fence"],
            settings=StoreSettings.model_validate(row["settings"]),
            settings_version=row["settings_version"],
            basis=VatBasis(row["prices_include_vat"], row["vat_bp"]),
            currency=row["currency"],
            now=row["now"],
            blocked_seconds=row["blocked_seconds"],
        )

    def known(self, store_id: str, keys: Sequence[str]) -> dict[str, KnownItem]:
        """The items with these keys, as known."""
        rows = self._database.fetch_all(_sql()["known"], {"store_id": store_id, "keys": list(keys)})
        return {row["key"]: _known(row) for row in rows}

    def known_of_products(self, store_id: str, products: Sequence[str]) -> dict[str, KnownItem]:
        """All items of these products, as known."""
        parameters = {"store_id": store_id, "products": list(products)}
        return {row["key"]: _known(row) for row in self._database.fetch_all(_sql()["known_of_products"], parameters)}

    def versions(self, store_id: str) -> dict[str, tuple[str, int, bool]]:
        """Each item's product, write version, and whether it is removed."""
        rows = self._database.fetch_all(_sql()["versions"], {"store_id": store_id})
        return {row["key"]: (row["product_id"], row["write_version"], row["removed"]) for row in rows}

    def now(self) -> datetime:
        """The database's time, which all processes share."""
        row = self._database.fetch_one(_sql()["now"])
        assert row is not None
        moment: datetime = row["now"]
        return moment

    def products(self, store_id: str) -> int:
        """How many products a store has, as far as known."""
        row = self._database.fetch_one(_sql()["products"], {"store_id": store_id})
        return 0 if row is None else int(row["products"])

    def hints(self, store_id: str) -> list[tuple[str, int]]:
        """Products that webhooks spoke of, with the number of the latest hint."""
        rows = self._database.fetch_all(_sql()["hints"], {"store_id": store_id})
        return [(row["product_id"], row["hint"]) for row in rows]

    def by_sku(self, store_id: str, skus: Sequence[str]) -> dict[str, tuple[str, str | None]]:
        """Product and variant of each SKU that exactly one item carries; an ambiguous one is not guessed."""
        found: dict[str, tuple[str, str | None] | None] = {}
        for row in self._database.fetch_all(_sql()["by_sku"], {"store_id": store_id, "skus": list(skus)}):
            found[row["sku"]] = None if row["sku"] in found else (row["product_id"], row["variant_id"])
        return {sku: one for sku, one in found.items() if one is not None}

    def orders(self, store_id: str, orders: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Rows of some orders."""
        rows = self._database.fetch_all(_sql()["orders"], {"store_id": store_id, "orders": list(orders)})
        return {row["order_id"]: row for row in rows}

    def swept_at(self, store_id: str) -> datetime | None:
        """When the store's orders were swept last."""
        row = self._database.fetch_one(_sql()["swept_at"], {"store_id": store_id})
        return None if row is None else row["swept_at"]

    def stored_page(self, store_id: str, after: str, limit: int) -> list[KnownItem]:
        """Priced items after a key, by key."""
        parameters = {"store_id": store_id, "after": after, "limit": limit}
        return [_known(row) for row in self._database.fetch_all(_sql()["stored_page"], parameters)]

    def all_versions(self) -> list[dict[str, Any]]:
        """Every item's write version, as rows for :func:`restore_versions`."""
        return self._database.fetch_all(_sql()["all_versions"])

    def block(self, store_id: str, seconds: float, reason: str) -> None:
        """Stop calling for a store in all processes for a while."""
        self._database.execute(_sql()["block"], {"store_id": store_id, "seconds": seconds, "reason": reason})

    def unblock(self, store_id: str) -> None:
        """Salla lets us in again."""
        self._database.execute(_sql()["unblock"], {"store_id": store_id})


def keep_items(uow: UnitOfWork, store_id: str, seen: Iterable[SeenItem]) -> None:
    """Let the read model show items as they were seen."""
    rows = [_row(one) for one in sorted(seen, key=lambda one: one.key)]
    execute_columns(uow, _sql()["upsert_items"], _ITEM_COLUMNS, rows, store_id=store_id)


def expect_unwritten(uow: UnitOfWork, store_id: str, known: Mapping[str, KnownItem]) -> None:
    """Refuse the unit when a write of one of these items began or ended since they were read."""
    if known:
        keys = sorted(known)
        versions = [known[key].write_version for key in keys]
        uow.execute(
            _sql()["expect_versions"],
            {"store_id": store_id, "keys": keys, "versions": versions},
            must_touch=len(keys),
        )


def remove_items(uow: UnitOfWork, store_id: str, keys: Iterable[str]) -> None:
    """Mark items as gone."""
    uow.execute(_sql()["remove_items"], {"store_id": store_id, "keys": sorted(keys)})


def note_readability(
    uow: UnitOfWork, store_id: str, readable: Iterable[str], unreadable: Iterable[tuple[str, str]]
) -> None:
    """Keep which products cannot be read and why, and forget those that can."""
    uow.execute(_sql()["forget_unreadable"], {"store_id": store_id, "products": sorted(readable)})
    uow.execute_many(
        _sql()["note_unreadable"],
        [{"store_id": store_id, "product_id": product, "reason": why} for product, why in sorted(unreadable)],
    )


def add_hint(uow: UnitOfWork, store_id: str, product_id: str) -> None:
    """Remember that a product changed."""
    uow.execute(_sql()["add_hint"], {"store_id": store_id, "product_id": product_id})


def drop_hints(uow: UnitOfWork, store_id: str, up_to: int, products: Sequence[str] | None = None) -> None:
    """Forget hints that were there before a look began: of ``products``, or of all."""
    parameters = {"store_id": store_id, "hint": up_to, "products": None if products is None else list(products)}
    uow.execute(_sql()["drop_hints"], parameters)


def keep_order(uow: UnitOfWork, row: Mapping[str, Any]) -> None:
    """Let the read model show an order's present state."""
    uow.execute(_sql()["upsert_order"], dict(row) | {"content": json.dumps(row["content"])})


def orders_swept(uow: UnitOfWork, store_id: str, at: datetime) -> None:
    """Remember how far the store's orders were swept."""
    uow.execute(_sql()["orders_swept"], {"store_id": store_id, "swept_at": at})


def wipe(uow: UnitOfWork) -> None:
    """Empty what :mod:`thaman_onboarding.observation.rebuild` fills again."""
    for name in ("wipe_items", "wipe_orders"):
        uow.execute(_sql()[name])


def restore_versions(uow: UnitOfWork, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put write versions back after a rebuild."""
    uow.execute_many(_sql()["restore_version"], list(rows))


_ITEM_COLUMNS = ("keys", "products", "variants", "skus", "contents", "digests", "taxables", "base_prices")


def _row(one: SeenItem) -> tuple[Any, ...]:
    item = one.item
    return (
        item.key,
        item.product_id,
        item.variant_id,
        item.sku,
        item.model_dump_json(),
        one.digest,
        one.taxable,
        item.base_price,
    )


def _known(row: Mapping[str, Any]) -> KnownItem:
    return KnownItem(
        item=CatalogItem.model_validate(row["content"]),
        taxable=row["taxable"],
        digest=row["digest"],
        last_written=row["last_written"],
        write_version=row["write_version"],
        removed=row["removed"],
        writing=row["writing"],
    )
