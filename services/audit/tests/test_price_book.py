"""Prices read from the beginning of a history become what the statement makes of them one by one."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thaman_audit.adapters.ledger import LedgerTables
from thaman_audit.bootstrap import Container
from thaman_audit.domain.price_book import PriceBook, Standing
from thaman_audit.domain.rows import Row, Rows
from thaman_audit.testing import NOW

CAUSES = {"observed": (None, 900, 1_000), "decision": (900, 1_000), "manual_edit": (None,)}
TOLD = st.one_of(
    st.tuples(st.sampled_from("12"), st.just(cause), st.sampled_from((900, 1_000)), st.sampled_from(shelves))
    for cause, shelves in CAUSES.items()
)


def row_of(place: int, told: tuple[str, str, int, int | None]) -> Row:
    item, cause, base, shelf = told
    decision = UUID(int=place) if cause == "decision" else None
    return {
        "store_id": "77", "item": item, "at": NOW + timedelta(minutes=place), "service": "onboarding",
        "event_id": str(place), "base_price": base, "shelf_price": shelf, "cause": cause, "decision_id": decision,
        "run_id": decision,
    }  # fmt: skip


def kept(tables: LedgerTables) -> list[list[dict[str, Any]]]:
    history = tables._database.fetch_all("SELECT * FROM price_history ORDER BY id")
    prices = tables._database.fetch_all("SELECT * FROM prices ORDER BY item")
    return [[{name: value for name, value in row.items() if name != "id"} for row in history], prices]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(TOLD, min_size=1, max_size=12), cut=st.integers(1, 12))
def test_the_book_is_what_the_statement_makes(
    container: Container, told: list[tuple[str, str, int, int | None]], cut: int
) -> None:
    tables = container.tables
    rows, found = [row_of(place, one) for place, one in enumerate(told, start=1)], []
    for is_book in (False, True):
        for table in ("price_history", "prices"):
            tables._database.execute(f"DELETE FROM {table}")
        if is_book:
            book = PriceBook()
            for first in range(0, len(rows), cut):
                for row in rows[first : first + cut]:
                    told = Standing(row["base_price"], row["shelf_price"], row["at"])
                    book.take(row["item"], told, row["cause"], partial(dict, row))
                _put(tables, "price_changed", book.taken())
            _put(tables, "price_stands", book.rows("77"))
        else:
            for row in rows:
                _put(tables, "price", [row])
        found.append(kept(tables))
    assert found[1] == found[0]


def _put(tables: LedgerTables, statement: str, rows: list[Row]) -> None:
    given = Rows()
    for row in rows:
        given.add(statement, row)
    tables.put(given)
