"""Reads items' pasts from the read models, a store's at a time."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from thaman_kit.database import Database
from thaman_optimizer.adapters.sql import queries
from thaman_optimizer.domain.past import CHANGES_WITHIN, LEARNED_WEEKS, ItemPast, WeekRecord, history_of


class PastReader:
    """Pasts as they are stored now. Blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, store_id: str, now: datetime) -> dict[str, ItemPast]:
        """The past of each of the store's items, by key; two queries."""
        today = now.astimezone(UTC).date()
        records: dict[str, list[WeekRecord]] = defaultdict(list)
        wanted = {"store_id": store_id, "since": today - timedelta(weeks=LEARNED_WEEKS, days=today.weekday())}
        for row in self._database.fetch_all(queries()["weeks"], wanted):
            records[row["item_key"]].append(_record(row))
        sold = frozenset(one.week for weeks in records.values() for one in weeks if one.units > 0)
        shelf = self._database.fetch_all(queries()["shelf"], {"store_id": store_id, "since": now - CHANGES_WITHIN})
        return {row["item_key"]: _past(row, records[row["item_key"]], sold, today) for row in shelf}


def _past(row: dict[str, Any], records: list[WeekRecord], sold: frozenset[date], today: date) -> ItemPast:
    return ItemPast(
        brand=row["brand"],
        category=row["category"],
        stock=None if row["stock"] is None else float(row["stock"]),
        changed_at=row["changed_at"],
        history=history_of(records, sold, today),
    )


def _record(row: dict[str, Any]) -> WeekRecord:
    return WeekRecord(
        week=row["week"],
        units=int(row["units"]),
        paid_units=int(row["paid_units"]),
        paid=int(row["paid"]),
        prices=row["prices"],
        stocked=row["stocked"],
        reference=row["reference"],
    )
