"""Invariant 5, as far as rows can tell: nothing of one store hangs on another.

That no page and no answer crosses over is the business of the services' own tests; here every id and every row is
followed to the store it belongs to.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from thaman_cli.world.facts import Facts
from thaman_cli.world.reading import stores_of_ids
from thaman_cli.world.report import Violation
from thaman_cli.world.salla import SallaView
from thaman_contracts.subjects import ROOMS, SERVICES

IDS = ("run_id", "proposal_id", "decision_id")
Owners = dict[tuple[str, str], set[str]]
"""The stores whose events have an id, by its kind and value."""


def check(facts: Facts, salla: SallaView | None) -> Iterator[Violation]:
    """Originators, ids, rows, ledger rows and keys, each with one store."""
    owners: Owners = defaultdict(set)
    for service in SERVICES:
        for row in facts.logs[service]:
            if row.event is None:
                continue
            owners[f"{service} originator", str(row.originator)].add(row.event.store_id)
            for name in IDS:
                value: Any = getattr(row.event, name, None)
                if value is not None:
                    owners[name, str(value)].add(row.event.store_id)
    for (kind, value), stores in owners.items():
        if len(stores) > 1:
            yield Violation(5, "shared_between_stores", f"{kind} {value} belongs to stores {sorted(stores)}")
    yield from _rows(facts, owners)
    yield from _ledger(facts)
    yield from _keys(facts)


def _rows(facts: Facts, owners: Owners) -> Iterator[Violation]:
    """What is made of events names nothing of another store; ids that no event has told are nobody's."""
    for column in facts.rows("id_columns", schemas=list(ROOMS), names=list(IDS)):
        place = f"{column['schema']}.{column['table']}"
        for value, stores in sorted(stores_of_ids(facts.connection, column).items()):
            own = owners.get((column["column"], value))
            if own is not None and not stores <= own:
                what = (
                    f"{place} has {column['column']} {value} of store {sorted(own)} in rows of {sorted(stores - own)}"
                )
                yield Violation(5, "row_of_another_store", what)


def _ledger(facts: Facts) -> Iterator[Violation]:
    for row in facts.rows("foreign_entries"):
        what = f"entry {row['seq']} in the chain of store {row['store_id']} speaks of store {row['said']}"
        yield Violation(5, "entry_in_another_chain", what)


def _keys(facts: Facts) -> Iterator[Violation]:
    """A key opens the same store in every service that knows it."""
    scopes: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for room in ROOMS:
        for row in facts.rows("keys", room):
            scopes[row["key_id"]].add((row["scope"], row["store"]))
    for key, found in scopes.items():
        if len(found) > 1:
            yield Violation(5, "key_opens_several_stores", f"key {key} opens {sorted(found)}")
