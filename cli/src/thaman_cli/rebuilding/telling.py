"""What came of a rebuild, for machines and for people."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from thaman_cli.rebuilding.rebuilding import Outcome
from thaman_kit.swapping import Compared, Example

COLUMNS = ("table", "rows before", "rows after", "changed", "missing", "surplus", "different")


def as_data(service: str, outcome: Outcome, untold: dict[str, list[str]], *, dry_run: bool) -> dict[str, Any]:
    """For machines."""
    return {
        "service": service,
        "dry_run": dry_run,
        "read": outcome.read,
        "changed": changed(outcome),
        "held_ms": round(outcome.held_s * 1_000),
        "tables": [_table(one) for one in outcome.tables],
        "kept": untold,
    }


def changed(outcome: Outcome) -> int:
    """Rows that were wrong, over all tables."""
    return sum(one.changed for one in outcome.tables)


def rows(outcome: Outcome) -> list[tuple[object, ...]]:
    """The lines of a table for people, under :data:`COLUMNS`."""
    return [
        (one.table, one.before, one.after, one.changed, one.missing, one.surplus, one.different)
        for one in outcome.tables
    ]


def told(service: str, outcome: Outcome, untold: dict[str, list[str]], *, dry_run: bool) -> Iterator[str]:
    """Lines for people, below the table."""
    for one in outcome.tables:
        for example in one.examples:
            yield f"  {one.table} {_example(example)}"
        if one.changed > len(one.examples) > 0:
            yield f"  {one.table}: and {one.changed - len(one.examples):,} more"
    for table, columns in untold.items():
        yield f"Events do not tell {table}.{', '.join(columns)}: rows that are there keep theirs."
    count = changed(outcome)
    if not count:
        yield f"{service}: every row is as the history says ({outcome.read:,} rows of it read)."
    elif dry_run:
        yield f"{service}: {count:,} row(s) would change ({outcome.read:,} rows of history read). Nothing was changed."
    else:
        yield (
            f"{service}: {count:,} row(s) changed ({outcome.read:,} rows of history read);"
            f" writers waited {outcome.held_s * 1_000:,.0f} ms, readers not at all."
        )


def _table(one: Compared) -> dict[str, Any]:
    return asdict(one) | {"changed": one.changed, "examples": [_for_machines(example) for example in one.examples]}


def _for_machines(example: Example) -> dict[str, Any]:
    fields = {name: {"live": was, "rebuilt": will} for name, (was, will) in example.fields.items()}
    return {"kind": example.kind, "key": example.key, "fields": fields}


def _example(example: Example) -> str:
    key = " ".join(f"{value}" for value in example.key.values())
    if example.kind != "different":
        return f"{_apart(key)}: {example.kind}"
    fields = ", ".join(f"{name} {_short(was)} → {_short(will)}" for name, (was, will) in example.fields.items())
    return f"{_apart(key)}: {fields or 'out of its place'}"


def _short(value: Any) -> str:
    text = "none" if value is None else str(value)
    return _apart(text if len(text) <= 60 else f"{text[:57]}...")


def _apart(text: str) -> str:
    """Between Unicode isolates, so that Arabic words do not turn the line around."""
    return f"\u2068{text}\u2069"
