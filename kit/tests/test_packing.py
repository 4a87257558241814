"""Packed columns are the arrays that PostgreSQL reads."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thaman_kit.packing import Packed, packed

TYPES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    "bytea": st.binary(max_size=40),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "int": st.integers(-(2**31), 2**31 - 1),
    "timestamptz": st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)),
    "date": st.dates(),
    "uuid": st.uuids(),
    "boolean": st.booleans(),
}


@pytest.fixture(scope="module")
def connection(postgres_server: Any) -> Any:
    with psycopg.connect(postgres_server.url, options="-c timezone=UTC") as found:
        yield found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_packed_comes_back(connection: Any, data: st.DataObject) -> None:
    columns = {kind: data.draw(st.lists(values | st.none(), max_size=6)) for kind, values in TYPES.items()}
    statement = "SELECT " + ", ".join(f"%({kind})b::{kind}[]" for kind in TYPES)
    parameters = packed(statement, columns)
    assert all(isinstance(one, Packed) for one in parameters.values())
    assert connection.execute(statement, parameters).fetchone() == tuple(columns.values())


@given(value=st.uuids())
def test_a_uuid_may_come_as_json_has_it(value: UUID) -> None:
    statement = "SELECT %(ids)b::uuid[]"
    assert packed(statement, {"ids": [str(value), None]}) == packed(statement, {"ids": [value, None]})


@pytest.mark.parametrize("text", ["", "12", "zz", "00000000-0000-0000-0000-00000000000"])
def test_what_is_no_uuid_is_not_packed(text: str) -> None:
    with pytest.raises(ValueError, match=r"UUID|hexadecimal"):
        packed("SELECT %(ids)b::uuid[]", {"ids": [text]})


def test_what_is_no_such_column_goes_as_it_is() -> None:
    given = {"ids": [UUID(int=7)], "rows": ["{}"], "at": datetime(2026, 1, 1, tzinfo=UTC), "seq": 1}
    found = packed("SELECT %(ids)b::uuid[], %(rows)b::jsonb[], %(at)s, %(seq)b::bigint", given)
    assert (type(found["ids"]), {**found, "ids": given["ids"]}) == (Packed, given)
