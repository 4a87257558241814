"""The ledger's read models made from published events alone, which is what they are always made of."""

from collections.abc import Sequence
from typing import Any

from thaman_audit.adapters.ledger import LedgerTables
from thaman_audit.domain.price_book import OBSERVED, Change, PriceBook, Source, Standing
from thaman_audit.domain.rows import Rows, fills_tables, project
from thaman_contracts.events import REGISTRY, onboarding
from thaman_contracts.ids import item_key
from thaman_kit.plain import Plain
from thaman_kit.plain_prices import Applied
from thaman_kit.plain_sights import Sight
from thaman_kit.restoring import Told

STANDING = {"store_id": "text", "item": "text", "base_price": "int8", "shelf_price": "int8", "at": "timestamptz"}
SOURCE = {"service": "text", "event_id": "text", "decision_id": "uuid", "run_id": "uuid"}
HISTORY = {**STANDING, "old_base_price": "int8", "cause": "text", **SOURCE}


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
    """The same for one store's long history. Sights and applied prices come plain; other plain events say nothing."""

    def __init__(self, tables: LedgerTables, store_id: str) -> None:
        self._tables = tables
        self._store_id = store_id
        self._prices = PriceBook()

    def fold(self, page: Sequence[Told | Plain]) -> None:
        """Take in the next events."""
        rows = Rows()
        for one in page:
            if isinstance(one, Plain):
                if isinstance(one.said, Applied):
                    self._apply(one.event_id, one.said)
                elif isinstance(one.said, Sight):
                    self._see(one.event_id, one.said)
                continue
            envelope, event = one
            if isinstance(event, onboarding.ManualEditDetected):
                key, at = item_key(event.product_id, event.variant_id), event.occurred_at
                told = Standing(event.found_base_price, None, at)
                self._prices.take(key, told, "manual_edit", Source(envelope.service, envelope.event_id))
            else:
                project(event, envelope, rows)
        rows.by_statement.pop("item_event", None)
        self._tables.put(rows)
        self._tables.fill("price_history", HISTORY, [self._change(one) for one in self._prices.taken()])

    def finish(self) -> None:
        """Write the prices that stand."""
        stand = [self._standing(item, told) for item, told in self._prices.standing.items()]
        self._tables.fill("prices", STANDING, stand)

    def _see(self, event_id: str, sight: Sight) -> None:
        at, source = sight.occurred_at, Source("onboarding", event_id)
        for item in sight.seen:
            if not item.has_variants:
                self._prices.take(item.key, Standing(item.base_price, item.shelf_price, at), OBSERVED, source)

    def _apply(self, event_id: str, said: Applied) -> None:
        told = Standing(said.base_price, said.shelf_price, said.occurred_at)
        self._prices.take(said.key, told, "decision", Source("onboarding", event_id, said.decision_id, said.run_id))

    def _change(self, one: Change) -> tuple[Any, ...]:
        return *self._standing(one.item, one.told), one.old_base, one.cause, *one.source

    def _standing(self, item: str, told: Standing) -> tuple[Any, ...]:
        return self._store_id, item, *told
