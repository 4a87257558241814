"""The ledger's read models made from published events alone, which is what they are always made of."""

from collections.abc import Sequence
from functools import partial

from thaman_audit.adapters.ledger import LedgerTables
from thaman_audit.domain.price_book import OBSERVED, PriceBook, Standing
from thaman_audit.domain.rows import Rows, applied_row, edited_row, fills_tables, observed_row, project
from thaman_contracts.envelope import Envelope
from thaman_contracts.events import REGISTRY, onboarding
from thaman_kit.plain import Plain
from thaman_kit.restoring import Told

APPLIED = onboarding.PriceApplied.event_type()


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


class BulkFold:
    """The same for one store's long history; applied prices come plain, and other plain events say nothing here."""

    def __init__(self, tables: LedgerTables, store_id: str) -> None:
        self._tables = tables
        self._store_id = store_id
        self._prices = PriceBook()

    def fold(self, page: Sequence[Told | Plain]) -> None:
        """Take in the next events."""
        rows = Rows()
        for one in page:
            if isinstance(one, Plain):
                if one.type == APPLIED:
                    self._apply(one)
                continue
            envelope, event = one
            if isinstance(event, onboarding.CatalogObserved):
                self._see(event, envelope)
            elif isinstance(event, onboarding.ManualEditDetected):
                row = edited_row(event, envelope)
                told = Standing(row["base_price"], None, row["at"])
                self._prices.take(row["item"], told, row["cause"], partial(dict, row))
            else:
                project(event, envelope, rows)
        rows.by_statement.pop("item_event", None)
        for row in self._prices.taken():
            rows.add("price_changed", row)
        self._tables.put(rows)

    def finish(self) -> None:
        """Write the prices that stand."""
        rows = Rows()
        for row in self._prices.rows(self._store_id):
            rows.add("price_stands", row)
        self._tables.put(rows)

    def _see(self, event: onboarding.CatalogObserved, envelope: Envelope) -> None:
        at = event.occurred_at
        for item in event.items:
            if not item.has_variants:
                told = Standing(item.base_price, item.shelf_price, at)
                self._prices.take(item.key, told, OBSERVED, partial(observed_row, event, envelope, item))

    def _apply(self, one: Plain) -> None:
        row = applied_row(one.event_id, self._store_id, one.said)
        told = Standing(row["base_price"], row["shelf_price"], row["at"])
        self._prices.take(row["item"], told, row["cause"], partial(dict, row))
