"""What an event adds to the read models: named statements with their parameters, in order."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

Row = dict[str, Any]


class Rows:
    """Rows with the statements that store them, in the order of the events."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, Row]] = []

    def add(self, statement: str, **row: Any) -> None:
        """One more row."""
        self._rows.append((statement, row))

    def __len__(self) -> int:
        """How many rows."""
        return len(self._rows)

    def statements(self, since: int = 0) -> set[str]:
        """The statements that store the rows, those from a place on."""
        return {statement for statement, _ in self._rows[since:]}

    def together(self) -> Iterator[tuple[str, list[Row]]]:
        """The rows, those of one statement that follow each other together."""
        for statement, group in groupby(self._rows, key=lambda one: one[0]):
            yield statement, [row for _, row in group]
