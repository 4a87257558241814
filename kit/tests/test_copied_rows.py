"""Rows that are copied are the values they were made of, and what no column takes is refused as the docstring says."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thaman_kit.database import copy_rows

COLUMNS = {"a": "text", "b": "int8", "c": "timestamptz", "d": "uuid"}
ZONES = st.sampled_from((UTC, timezone(timedelta(hours=3))))
VALUES = st.tuples(
    st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=ZONES),
    st.none() | st.uuids(),
)


@pytest.fixture(scope="module")
def connection(postgres_server: Any) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_server.url, autocommit=True, options="-c timezone=UTC") as found:
        found.execute("CREATE TEMPORARY TABLE copied (a text, b bigint, c timestamptz, d uuid)")
        yield found


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(VALUES, max_size=6))
def test_what_is_copied_is_what_was_given(connection: psycopg.Connection, rows: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM copied")
        copy_rows(cursor, "copied", COLUMNS, rows)
        assert cursor.execute("SELECT * FROM copied").fetchall() == rows


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a", 5),
        ("a", b"text"),
        ("a", "a\0b"),
        ("b", "5"),
        ("b", 5.0),
        ("b", 2**63),
        ("c", datetime(2026, 11, 29)),
        ("c", "2026-11-29T00:00:00Z"),
        ("d", "00000000-0000-0000-0000-000000000005"),
        ("d", 5),
    ],
)
def test_what_is_no_such_value_is_refused(connection: psycopg.Connection, name: Any, value: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM copied")
        with pytest.raises((TypeError, AttributeError, OverflowError, psycopg.Error)):
            copy_rows(cursor, "copied", {name: COLUMNS[name]}, [(value,)])
        assert cursor.execute("SELECT * FROM copied").fetchall() == []
