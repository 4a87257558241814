"""Items for sheets, and sheets on their way in."""

import json
from datetime import datetime
from functools import partial
from uuid import UUID

from thaman_dashboard.adapters.showing import shown
from thaman_dashboard.product_sheet import SheetItem
from thaman_dashboard.product_sheet_ports import StoredSheet
from thaman_kit.database import Database, load_queries

_queries = partial(load_queries, "thaman_dashboard", "adapters/products.sql")


class SheetTables:
    """Implements :class:`thaman_dashboard.product_sheet_ports.Sheets`. Blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def items(self, store_id: str) -> list[SheetItem]:
        """See :class:`~thaman_dashboard.product_sheet_ports.Sheets`."""
        rows = self._database.fetch_all(_queries()["sheet_items"], {"store_id": store_id})
        return [shown(SheetItem, row) for row in rows]

    def keep(self, store_id: str, sheet: StoredSheet, until: datetime) -> None:
        """See :class:`~thaman_dashboard.product_sheet_ports.Sheets`."""
        row = {
            "store_id": store_id,
            "sheet_id": sheet.sheet_id,
            "session_hash": sheet.session_hash,
            "at": sheet.at,
            "document": json.dumps(sheet.document, ensure_ascii=False),
            "until": until,
        }
        self._database.execute(_queries()["keep_sheet"], row)

    def sheet(self, store_id: str, sheet_id: UUID) -> StoredSheet | None:
        """See :class:`~thaman_dashboard.product_sheet_ports.Sheets`."""
        row = self._database.fetch_one(_queries()["sheet"], {"store_id": store_id, "sheet_id": sheet_id})
        return None if row is None else shown(StoredSheet, row, session_hash=bytes(row["session_hash"]))
