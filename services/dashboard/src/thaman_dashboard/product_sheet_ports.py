"""What sheets of products need of the world."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from thaman_dashboard.product_sheet import SheetItem


class SheetUnreadable(Exception):
    """A file that is no sheet of ours; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the file cannot be read as a sheet ({code})")
        self.code = code


class Files(Protocol):
    """Sheets as files."""

    def read(self, body: bytes) -> list[list[str]]:
        """The rows of a CSV or XLSX file, its heading first, as text.

        Raises:
            SheetUnreadable: it is none, or too large.
        """

    def csv(self, items: Iterable[SheetItem], language: str) -> bytes:
        """Items as a CSV file in UTF-8 that spreadsheet programs know as such."""

    def xlsx(self, items: Iterable[SheetItem], language: str) -> bytes:
        """Items as a workbook."""


@dataclass(frozen=True, slots=True)
class StoredSheet:
    """A sheet that was read and waits for a yes, or was applied."""

    sheet_id: UUID
    session_hash: bytes
    at: datetime
    document: dict[str, Any]


class Sheets(Protocol):
    """Items for sheets, and sheets on their way in."""

    def items(self, store_id: str) -> list[SheetItem]:
        """All items of a store that have a price of their own and are not deleted, by key."""

    def keep(self, store_id: str, sheet: StoredSheet, until: datetime) -> None:
        """Keep a sheet, or what became of it; those from before ``until`` go."""

    def sheet(self, store_id: str, sheet_id: UUID) -> StoredSheet | None:
        """A sheet of the store."""
