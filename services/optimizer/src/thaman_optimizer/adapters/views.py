"""What the API shows, read from the read models."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from thaman_kit.database import Database
from thaman_optimizer.adapters.sql import queries

Row = dict[str, Any]

MOST_TOTALS = 1_000
"""Policies in shadow whose sums are kept; then all are made anew."""


class Views:
    """Lists and single things for one store at a time. Blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._totals: dict[tuple[str, int], tuple[Row | None, Row]] = {}

    def runs(self, store_id: str, before: tuple[datetime, UUID] | None, limit: int) -> list[Row]:
        """Runs, newest first."""
        return self._list("list_runs", store_id, before, limit)

    def run(self, store_id: str, run_id: UUID) -> Row | None:
        """One run with the reasons of its holds."""
        row = self._database.fetch_one(queries()["run"], {"store_id": store_id, "run_id": run_id})
        if row is not None:
            row["hold_reasons"] = {
                hold["reason"]: hold["items"]
                for hold in self._database.fetch_all(queries()["hold_reasons"], {"run_id": run_id})
            }
        return row

    def proposals(
        self,
        store_id: str,
        before: tuple[datetime, UUID] | None,
        limit: int,
        *,
        states: Sequence[str] | None = None,
        risk: str | None = None,
        run_id: UUID | None = None,
        item_key: str | None = None,
    ) -> list[Row]:
        """Proposals and holds, newest first."""
        wanted = {"states": list(states) if states else None, "risk": risk, "run_id": run_id, "item_key": item_key}
        return self._list("list_proposals", store_id, before, limit, **wanted)

    def proposal(self, store_id: str, proposal_id: UUID) -> Row | None:
        """One proposal or hold."""
        return self._database.fetch_one(queries()["proposal"], {"store_id": store_id, "proposal_id": proposal_id})

    def pending_ids(self, store_id: str, risk: str | None, run_id: UUID | None, limit: int) -> list[UUID]:
        """The proposals that wait for an answer, oldest first."""
        wanted = {"store_id": store_id, "risk": risk, "run_id": run_id, "limit": limit}
        return [row["proposal_id"] for row in self._database.fetch_all(queries()["pending_ids"], wanted)]

    def decisions(
        self,
        store_id: str,
        before: tuple[datetime, UUID] | None,
        limit: int,
        *,
        states: Sequence[str] | None = None,
        item_key: str | None = None,
    ) -> list[Row]:
        """Decisions with what became of them, newest first."""
        wanted = {"states": list(states) if states else None, "item_key": item_key}
        return self._list("list_decisions", store_id, before, limit, **wanted)

    def links(self, store_id: str, item_key: str | None = None) -> list[Row]:
        """All links by item, or those of one."""
        return self._database.fetch_all(queries()["list_links"], {"store_id": store_id, "item_key": item_key})

    def offers(self, store_id: str, after: tuple[str, str] | None, limit: int, item_key: str | None) -> list[Row]:
        """Latest offers by item and address."""
        place = {"after": after[0] if after else None, "after_url": after[1] if after else None}
        wanted = {"store_id": store_id, "item_key": item_key, "limit": limit}
        return self._database.fetch_all(queries()["list_offers"], place | wanted)

    def sources(self, store_id: str) -> list[Row]:
        """Sources of listings with the last look into each."""
        return self._database.fetch_all(queries()["list_sources"], {"store_id": store_id})

    def matches(
        self,
        store_id: str,
        before: tuple[datetime, UUID] | None,
        limit: int,
        *,
        states: Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        source_id: str | None = None,
        item_key: str | None = None,
    ) -> list[Row]:
        """Matches of listings, newest first."""
        wanted = {"states": list(states) if states else None, "kinds": list(kinds) if kinds else None}
        return self._list("list_matches", store_id, before, limit, **wanted, source_id=source_id, item_key=item_key)

    def match(self, store_id: str, match_id: UUID) -> Row | None:
        """One match of a listing."""
        return self._database.fetch_one(queries()["one_match"], {"store_id": store_id, "match_id": match_id})

    def policies(self, store_id: str, below: int | None, limit: int) -> list[Row]:
        """Policies without their documents, newest first."""
        wanted = {"store_id": store_id, "below": below, "limit": limit}
        return self._database.fetch_all(queries()["list_policies"], wanted)

    def policy(self, store_id: str, version: int) -> Row | None:
        """One policy with its document."""
        return self._database.fetch_one(queries()["policy"], {"store_id": store_id, "version": version})

    def shadow(self, store_id: str, version: int, after: str | None, limit: int) -> list[Row]:
        """What the policy made of items when it was last in shadow, by item."""
        wanted = {"store_id": store_id, "version": version, "after": after, "limit": limit}
        return self._database.fetch_all(queries()["list_shadow"], wanted)

    def shadow_totals(self, store_id: str, version: int) -> Row:
        """The same of all items in sums, which are made again once any of them has changed."""
        named = {"store_id": store_id, "version": version}
        stamp = self._database.fetch_one(queries()["shadow_stamp"], named)
        known = self._totals.get((store_id, version))
        if known is not None and known[0] == stamp:
            return known[1]
        row = self._database.fetch_one(queries()["shadow_totals"], named)
        assert row is not None
        if len(self._totals) >= MOST_TOTALS:
            self._totals.clear()
        self._totals[store_id, version] = stamp, row
        return row

    def _list(
        self, query: str, store_id: str, before: tuple[datetime, UUID] | None, limit: int, **wanted: Any
    ) -> list[Row]:
        place = {"before": before[0] if before else None, "before_id": before[1] if before else None}
        return self._database.fetch_all(queries()[query], {"store_id": store_id, "limit": limit} | place | wanted)
