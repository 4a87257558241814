"""Invariant 5, as far as rows can tell: nothing of one store hangs on another.

That no page and no answer crosses over is the business of the services' own tests; here every id and every row is
followed to the store it belongs to.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from thaman_cli.world.facts import Facts
from thaman_cli.world.report import Violation
from thaman_cli.world.salla import SallaView
from thaman_contracts.subjects import SERVICES

IDS = ("run_id", "proposal_id", "decision_id")


def check(facts: Facts, salla: SallaView | None) -> Iterator[Violation]:
    """Originators, ids, ledger rows and keys, each with one store."""
    owners: dict[tuple[str, str], set[str]] = defaultdict(set)
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
    yield from _ledger(facts)
    yield from _keys(facts)


def _ledger(facts: Facts) -> Iterator[Violation]:
    for row in facts.rows("foreign_entries"):
        what = f"entry {row['seq']} in the chain of store {row['store_id']} speaks of store {row['said']}"
        yield Violation(5, "entry_in_another_chain", what)


def _keys(facts: Facts) -> Iterator[Violation]:
    """A key opens the same store in every service that knows it."""
    scopes: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for service in SERVICES:
        for row in facts.rows("keys", service):
            scopes[row["key_id"]].add((row["scope"], row["store"]))
    for key, found in scopes.items():
        if len(found) > 1:
            yield Violation(5, "key_opens_several_stores", f"key {key} opens {sorted(found)}")
