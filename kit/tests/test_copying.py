"""Rows copied in their binary form are the values that they were made of, and what is no such value is refused."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thaman_kit import copying

TEXT = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"))
NUMBER = st.none() | st.integers(-(2**63), 2**63 - 1)
ZONES = st.sampled_from((UTC, timezone(timedelta(hours=3))))
INSTANT = st.none() | st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=ZONES)
VALUES = st.tuples(TEXT, TEXT, NUMBER, INSTANT, st.none() | st.uuids())


@pytest.fixture(scope="module")
def connection(postgres_server: Any) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_server.url, options="-c timezone=UTC") as found:
        found.execute("CREATE TEMPORARY TABLE copied (a text, b text, c bigint, d timestamptz, e uuid)")
        yield found


def row_of(values: tuple[Any, ...]) -> bytes:
    a, b, c, d, e = values
    return copying.row(
        (
            copying.columns(5),
            copying.text(a),
            copying.name(b),
            copying.number(c),
            copying.instant(None if d is None else d.isoformat()),
            copying.uuid(None if e is None else str(e)),
        )
    )


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(VALUES, max_size=6))
def test_what_is_copied_is_what_was_given(connection: psycopg.Connection, rows: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM copied")
        copying.put_rows(cursor, "copied", tuple("abcde"), [row_of(values) for values in rows])
        assert cursor.execute("SELECT * FROM copied").fetchall() == rows


@pytest.mark.parametrize(
    ("part", "value"),
    [
        (copying.text, 5),
        (copying.name, 5),
        (copying.number, "5"),
        (copying.number, 5.0),
        (copying.number, 2**63),
        (copying.instant, "2026-11-24"),
        (copying.instant, "yesterday"),
        (copying.instant, 1_764_000_000),
        (copying.uuid, "77"),
        (copying.uuid, "r" * 32),
        (copying.uuid, 77),
        (copying.uuid_again, "77"),
    ],
)
def test_what_is_no_such_value_is_refused(part: Callable[[Any], bytes], value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        part(value)


def test_what_does_not_fit_its_column_is_refused_by_the_server(connection: psycopg.Connection) -> None:
    short = copying.row((copying.columns(1), copying.number(5)))
    with (
        pytest.raises(psycopg.errors.ProtocolViolation),
        connection.transaction(force_rollback=True),
        connection.cursor() as cursor,
    ):
        copying.put_rows(cursor, "copied", ("e",), [short])
