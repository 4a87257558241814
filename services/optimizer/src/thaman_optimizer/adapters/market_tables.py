"""Links, page memory, and what runs have said, in the read models."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from thaman_contracts.events.optimizer import Disposition
from thaman_kit.application import UnitOfWork
from thaman_kit.database import Database
from thaman_optimizer.adapters.sql import queries
from thaman_optimizer.domain.proposal import Lapse
from thaman_optimizer.ports import Known, Link, Read


class MarketTables:
    """Bulk reads for runs. Blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def links(self, store_id: str) -> list[Link]:
        """The store's links with what is remembered of their pages."""
        return [_link(row) for row in self._database.fetch_all(queries()["links"], {"store_id": store_id})]

    def remember(self, unit: UnitOfWork, store_id: str, read: Sequence[Read], now: datetime) -> None:
        """Keep what was read of pages for the next conditional request."""
        rows = {one.offer.url: _page_row(store_id, one.offer.url, one.page, now) for one in read if one.page}
        unit.execute_many(queries()["upsert_page"], list(rows.values()))

    def said(self, run_id: UUID) -> dict[UUID, Disposition]:
        """What the run said so far, by proposal."""
        rows = self._database.fetch_all(queries()["said"], {"run_id": run_id})
        return {row["proposal_id"]: Disposition(row["disposition"]) for row in rows}

    def advice_spent(self, store_id: str, since: datetime) -> tuple[int, int]:
        """Tokens, and millionths of a US dollar, that the store's advice has used since an instant."""
        row = self._database.fetch_one(queries()["advice_spent"], {"store_id": store_id, "since": since})
        assert row is not None
        return row["tokens"], row["cost_micro_usd"]

    def is_handed_on(self, queue: str, run_id: UUID) -> bool:
        """Whether the run was put into ``queue`` before."""
        return self._database.fetch_one(queries()["is_handed_on"], {"queue": queue, "key": str(run_id)}) is not None

    def forget_waiting(self, unit: UnitOfWork, queue: str, run_id: UUID) -> None:
        """Let the run's job that waits in ``queue`` be done."""
        unit.execute(queries()["forget_waiting"], {"queue": queue, "key": str(run_id)})

    def pending(self, store_id: str) -> dict[str, list[Lapse]]:
        """The store's proposals that wait for an answer, by item."""
        by_item: dict[str, list[Lapse]] = defaultdict(list)
        for row in self._database.fetch_all(queries()["pending"], {"store_id": store_id}):
            by_item[row["item_key"]].append(lapse_of(row))
        return by_item

    def expired(self, now: datetime, limit: int) -> list[Lapse]:
        """Pending proposals of all stores whose time is over."""
        rows = self._database.fetch_all(queries()["expired"], {"now": now, "limit": limit})
        return [lapse_of(row) for row in rows]


def lapse_of(row: dict[str, Any]) -> Lapse:
    """The pending proposal of a row."""
    return Lapse(**{name: row[name] for name in Lapse.__slots__})


def _link(row: dict[str, Any]) -> Link:
    known = None
    if row["reading"] is not None:
        known = Known(row["etag"], row["last_modified"], row["reading"], row["digest"])
    names = ("item_key", "product_id", "variant_id", "currency", "competitor", "url", "confidence_bp", "feed")
    return Link(**{name: row[name] for name in names}, seen_at=row["observed_at"], known=known)


def _page_row(store_id: str, url: str, page: Known, now: datetime) -> dict[str, Any]:
    return {
        "store_id": store_id,
        "url": url,
        "etag": page.etag,
        "last_modified": page.last_modified,
        "reading": json.dumps(page.reading),
        "digest": page.digest,
        "fetched_at": now,
    }
