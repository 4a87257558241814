"""Sources, looks and matches in the read models, and the memory of pages and searches."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from thaman_contracts.events.listings import ListingMatch, ListingSource, MatchAnswer
from thaman_contracts.ids import split_item_key
from thaman_kit.application import UnitOfWork
from thaman_kit.database import Database
from thaman_optimizer.adapters.sql import queries
from thaman_optimizer.domain.listings import KnownMatch, Listing, OwnItem
from thaman_optimizer.domain.matching import OwnProduct
from thaman_optimizer.listing_ports import Look, PageMemory


class ListingTables:
    """Reads for looks and answers. Blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sources(self, store_id: str) -> list[ListingSource]:
        """The store's sources."""
        rows = self._database.fetch_all(queries()["sources"], {"store_id": store_id})
        return [ListingSource.model_validate(row) for row in rows]

    def source(self, store_id: str, source_id: str) -> ListingSource | None:
        """One source of the store."""
        row = self._database.fetch_one(queries()["source"], {"store_id": store_id, "source_id": source_id})
        return None if row is None else ListingSource.model_validate(row)

    def due(self, since: datetime) -> list[tuple[str, str]]:
        """Store and source of what nobody looked into since an instant, of stores that can be priced."""
        rows = self._database.fetch_all(queries()["sources_due"], {"since": since})
        return [(row["store_id"], row["source_id"]) for row in rows]

    def has_ended(self, look_id: UUID) -> bool:
        """Whether the look has ended."""
        return self._database.fetch_one(queries()["is_looked"], {"look_id": look_id}) is not None

    def own_items(self, store_id: str, source_id: str) -> list[OwnItem]:
        """The store's priced things, those longest not searched for in the source first."""
        rows = self._database.fetch_all(queries()["own_products"], {"store_id": store_id, "source_id": source_id})
        return [_own(row) for row in rows]

    def domain(self, store_id: str) -> str | None:
        """Where the store itself is on the web."""
        row = self._database.fetch_one(queries()["store_domain"], {"store_id": store_id})
        return None if row is None else row["domain"]

    def known_matches(self, store_id: str) -> list[KnownMatch]:
        """All matches of the store as they were judged last."""
        return [_known(row) for row in self._database.fetch_all(queries()["matches_known"], {"store_id": store_id})]

    def pages(self, store_id: str, source_id: str) -> dict[str, PageMemory]:
        """What is remembered of the source's pages, by address."""
        rows = self._database.fetch_all(queries()["source_pages"], {"store_id": store_id, "source_id": source_id})
        return {row["url"]: _page(row) for row in rows}

    def remember(self, unit: UnitOfWork, store_id: str, source_id: str, look: Look, now: datetime) -> None:
        """Keep what a look saw of pages, and what it searched for."""
        source = {"store_id": store_id, "source_id": source_id}
        pages = [source | _page_row(page) for page in look.pages]
        unit.execute_many(queries()["upsert_source_page"], pages)
        searched = [source | {"item_key": key, "searched_at": now} for key in look.searched]
        unit.execute_many(queries()["upsert_search"], searched)

    def questions(self, store_id: str, ids: Sequence[UUID]) -> list[MatchAnswer]:
        """Those of ``ids`` that are the store's matches, as they are now: confirmed or not."""
        rows = self._database.fetch_all(queries()["matches_named"], {"store_id": store_id, "ids": list(ids)})
        names = ("match_id", "product_id", "variant_id", "url", "title")
        return [
            MatchAnswer(**{name: row[name] for name in names}, confirmed=row["state"] == "confirmed") for row in rows
        ]

    def meant(self, store_id: str, kind: str | None, source_id: str | None, least_bp: int, limit: int) -> list[UUID]:
        """The store's matches without an answer, of a kind and source, with a least confidence; oldest first."""
        wanted = {"store_id": store_id, "kind": kind, "source_id": source_id, "least": least_bp, "limit": limit}
        return [row["match_id"] for row in self._database.fetch_all(queries()["matches_meant"], wanted)]


def _own(row: dict[str, Any]) -> OwnItem:
    product = OwnProduct(row["name"], row["brand"], row["gtin"], row["mpn"])
    return OwnItem(row["item_key"], row["product_id"], row["variant_id"], product)


def _known(row: dict[str, Any]) -> KnownMatch:
    product_id, variant_id = split_item_key(row["item_key"])
    match = ListingMatch.model_validate(row | {"product_id": product_id, "variant_id": variant_id})
    confirmed = None if row["state"] == "found" else row["state"] == "confirmed"
    return KnownMatch(match, confirmed, row["answered_title"])


def _page(row: dict[str, Any]) -> PageMemory:
    listing = None if row["listing"] is None else Listing(**row["listing"])
    return PageMemory(row["url"], row["etag"], row["last_modified"], listing, row["fetched_at"])


def _page_row(page: PageMemory) -> dict[str, Any]:
    return {
        "url": page.url,
        "etag": page.etag,
        "last_modified": page.last_modified,
        "listing": None if page.listing is None else json.dumps(asdict(page.listing), ensure_ascii=False),
        "fetched_at": page.fetched_at,
    }
