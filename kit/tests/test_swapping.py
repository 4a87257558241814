"""Locks for a swap: all tables together within one time, or none."""

from types import SimpleNamespace

import psycopg
import pytest

from thaman_kit import swapping
from thaman_kit.errors import TablesBusy
from thaman_kit.swapping import Table, locked
from thaman_kit.testing import database_url  # noqa: F401

TABLES = (Table("one"), Table("two"))


def test_the_time_for_locks_is_for_all_tables_together(
    database_url: str,  # noqa: F811 - the fixture of that name
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with psycopg.connect(database_url, autocommit=True) as live:
        live.execute("CREATE TABLE one (); CREATE TABLE two ()")
        with locked(live, "public", TABLES):
            assert live.execute("SHOW lock_timeout").fetchone() == ("0",)
        clock = iter((100.0, 100.0, 101.0))  # the deadline is set, and the first table's lock came after a second
        monkeypatch.setattr(swapping, "time", SimpleNamespace(monotonic=lambda: next(clock)))
        with pytest.raises(TablesBusy), locked(live, "public", TABLES):
            pass
