"""The ledger's read models made from published events alone, which is what they are always made of."""

from collections.abc import Sequence

from thaman_audit.adapters.ledger import LedgerTables
from thaman_audit.domain.rows import Rows, fills_tables, project
from thaman_contracts.events import REGISTRY
from thaman_kit.restoring import Told


def is_told(event_type: str) -> bool:
    """Whether events of a type may fill the tables."""
    model = REGISTRY.get(event_type)
    return model is not None and fills_tables(model)


class PublishedFold:
    """Fills empty tables, page by page; but for the index of where events about items lie, which speaks of a ledger."""

    def __init__(self, tables: LedgerTables) -> None:
        self._tables = tables

    def fold(self, page: Sequence[Told]) -> None:
        """Take in the next events."""
        rows = Rows()
        for envelope, event in page:
            project(event, envelope, rows)
        rows.by_statement.pop("item_event", None)
        self._tables.put(rows)

    def finish(self) -> None:
        """Nothing is left to do."""
