"""Many rows in one statement: each column an array, put together again by ``unnest`` in the statement."""

from collections.abc import Iterable, Sequence
from typing import Any

from thaman_kit.application import UnitOfWork


def execute_columns(
    uow: UnitOfWork, sql: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], **shared: Any
) -> None:
    """Let ``sql`` run once for all ``rows``, if there are any; ``shared`` are parameters that all rows have in common.

    The server plans each statement, so one for a hundred rows costs a fraction of a hundred.
    """
    table = list(rows)
    if table:
        arrays = (list(column) for column in zip(*table, strict=True))
        uow.execute(sql, dict(zip(columns, arrays, strict=True)) | shared)
