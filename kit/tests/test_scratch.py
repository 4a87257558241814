"""A database to be thrown away is thrown away, whatever happens in it or to whoever made it."""

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from thaman_kit.errors import NoScratch
from thaman_kit.scratch import scratch_database
from thaman_kit.testing import database_url  # noqa: F401


def left(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {
            str(name)
            for (name,) in connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'thaman_scratch%'")
        }


def test_it_has_the_tables_and_is_gone_afterwards(database_url: str) -> None:  # noqa: F811 - the fixture of that name
    with pytest.raises(ZeroDivisionError), scratch_database(database_url, ["scheduler"]) as url:
        with psycopg.connect(url) as inside:
            assert inside.execute("SELECT count(*) FROM scheduler.schedules").fetchone() == (0,)
        assert len(left(database_url)) == 1
        1 / 0  # noqa: B018
    assert left(database_url) == set()


def test_light_tables_have_no_log_no_indexes_and_no_keys(database_url: str) -> None:  # noqa: F811 - the fixture of that name
    tables = "optimizer.proposals", "audit.price_history"
    with scratch_database(database_url, ["optimizer", "audit"], light=tables) as url, psycopg.connect(url) as inside:
        found = inside.execute(
            "SELECT oid::regclass::text, relpersistence, count(indexrelid)"
            " FROM pg_class LEFT JOIN pg_index ON indrelid = oid"
            " WHERE oid::regclass::text IN ('optimizer.proposals', 'optimizer.decisions', 'audit.price_history')"
            " GROUP BY 1, 2 ORDER BY 1"
        ).fetchall()
    assert found[0] == ("audit.price_history", "u", 0)
    assert found[2] == ("optimizer.proposals", "u", 0)
    assert found[1][1] == "p"
    assert found[1][2] > 1


def test_what_a_killed_process_left_goes_and_what_is_in_use_stays(database_url: str) -> None:  # noqa: F811 - the fixture of that name
    with psycopg.connect(database_url, autocommit=True) as admin:
        (now,) = admin.execute("SELECT extract(epoch FROM now())::bigint").fetchone() or (0,)
        being_born = f"thaman_scratch_t{now}_1"
        for name in ("thaman_scratch_of_a_killed_process", "thaman_scratch_t1000000000_1", being_born):
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with scratch_database(database_url, []) as first, scratch_database(database_url, []) as second:
        names = {str(conninfo_to_dict(url)["dbname"]) for url in (first, second)}
        assert left(database_url) == names | {being_born}
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(being_born)))


def test_a_role_that_may_not_make_one_is_told(database_url: str) -> None:  # noqa: F811 - the fixture of that name
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("CREATE ROLE only_reads LOGIN PASSWORD 'only-for-tests'")
        try:
            url = make_conninfo(database_url, user="only_reads", password="only-for-tests")
            with pytest.raises(NoScratch, match="CREATEDB"), scratch_database(url, []):
                pass
        finally:
            admin.execute("DROP ROLE only_reads")
