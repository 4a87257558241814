"""The embedded PostgreSQL on its real binaries: lives, survives, and never outlives its starter."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from thaman_kit.embedded import EmbeddedPostgres, binaries
from thaman_kit.embedded.process import Owner
from thaman_kit.errors import EmbeddedError, FolderInUse, StartFailed
from thaman_kit.testing import own_database, template_database, wait_until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand a server to another user")


def alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def query(url: str, sql: str) -> object:
    """The first column of the first row."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(sql.encode()).fetchone()
    assert row is not None
    return row[0]


def test_a_durable_server_keeps_data_and_port_over_stop_crash_and_kill(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg")
    try:
        server.start()
        port, pid = server.port, server.pid
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (n int)")
        for number, restart in enumerate((server.restart, lambda: server.restart(immediate=True), server.kill)):
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute("INSERT INTO kept VALUES (%s)", (number,))
            restart()
            server.start()
            assert query(server.url, "SELECT count(*) FROM kept") == number + 1
        assert server.port == port
        assert server.pid != pid
        assert query(server.url, "SHOW fsync") == "on"
    finally:
        server.destroy()
    assert not (tmp_path / "pg").exists()


def test_a_durable_server_asks_for_the_generated_password(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg").start()
    try:
        password = tmp_path / "pg" / "admin_password"
        assert password.stat().st_mode & 0o777 == 0o600
        assert len(password.read_text()) >= 32
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.url_for("thaman", password="wrong"))
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(server.url_for("thaman", user="somebody"))
        assert query(server.url, "SELECT current_database()") == "thaman"
        assert query(server.admin_url, "SELECT current_database()") == "postgres"
    finally:
        server.destroy()


def test_it_does_not_run_as_root_and_listens_on_loopback_only(own_postgres: EmbeddedPostgres) -> None:
    pid = own_postgres.pid
    assert pid is not None
    assert Path(f"/proc/{pid}").stat().st_uid != 0
    assert query(own_postgres.url, "SHOW listen_addresses") == "127.0.0.1"
    assert query(own_postgres.url, "SHOW unix_socket_directories") == ""


def test_databases_are_copied_from_templates_and_dropped(postgres_server: EmbeddedPostgres) -> None:
    made: list[str] = []

    def prepare(url: str) -> None:
        made.append(url)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE prepared (n int)")

    for _ in range(2):
        template_database(postgres_server, "edge_template", prepare)
    with own_database(postgres_server, template="edge_template") as url, psycopg.connect(url) as connection:
        name = connection.info.dbname
        connection.execute("SELECT n FROM prepared")
        connection.rollback()
    assert len(made) == 1
    assert name not in postgres_server.databases()


def test_two_servers_on_one_folder_are_refused(tmp_path: Path) -> None:
    first = EmbeddedPostgres(tmp_path / "pg", durable=False).start()
    try:
        with pytest.raises(FolderInUse, match="already runs"):
            EmbeddedPostgres(tmp_path / "pg", durable=False, start_timeout=0.2).start()
        assert query(first.url, "SELECT 1") == 1
    finally:
        first.destroy()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = EmbeddedPostgres(tmp_path / "pg", port=port, durable=False)
        try:
            with pytest.raises(StartFailed, match=f"port {port} is taken"):
                server.start()
            assert server.pid is None
        finally:
            server.destroy()


def test_a_pid_file_that_names_a_stranger_does_not_stop_the_start(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg", durable=False).start()
    try:
        server.stop()
        pid_file = (tmp_path / "pg" / "data").resolve() / "postmaster.pid"
        # A process of the same user that lives is what makes PostgreSQL believe in a stale file.
        owner = binaries.server_owner("nobody")
        stranger = subprocess.Popen(
            ["/bin/sleep", "60"], cwd="/", user=owner.uid if owner else None, group=owner.gid if owner else None
        )
        try:
            pid_file.write_text(f"{stranger.pid}\n/elsewhere\n1\n5432\n\n127.0.0.1\n  1 1\nready   \n")
            server.start()
            assert query(server.url, "SELECT 1") == 1
        finally:
            stranger.kill()
            stranger.wait()
    finally:
        server.destroy()


def test_an_interrupted_initdb_is_begun_again(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg", durable=False).start()
    real = (tmp_path / "pg" / "data").resolve()
    server.destroy()
    half = real.with_name(f"{real.name}.new")
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    try:
        assert query(server.start().url, "SELECT 1") == 1
    finally:
        server.destroy()


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg", durable=False)
    server.start()
    real = (tmp_path / "pg" / "data").resolve()
    server.destroy()
    real.mkdir(parents=True)
    treasure = real / "photo.jpg"
    treasure.write_text("mine")
    try:
        with pytest.raises(EmbeddedError, match="not empty"):
            server.start()
        assert treasure.read_text() == "mine"
    finally:
        treasure.unlink()
        real.rmdir()


@as_root
def test_as_root_with_an_unreachable_folder_data_and_programs_are_elsewhere(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    owner = Owner(65534, 65534)
    assert not binaries.reachable(closed / "pg", owner)
    tree = closed / "pginstall"
    tree.mkdir()
    (tree / "marker").write_text("here")
    place = binaries.place_for(closed / "pg", owner, durable=False)
    copy = binaries.reachable_tree(tree, owner, durable=False)
    try:
        assert binaries.reachable(place, owner)
        assert place == binaries.place_for(closed / "pg", owner, durable=False)
        assert (copy / "marker").read_text() == "here"
        assert binaries.reachable_tree(tree, owner, durable=False) == copy
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        (copy / "marker").unlink()
        copy.rmdir()


@as_root
def test_a_folder_deleted_by_hand_can_be_used_again(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    first = EmbeddedPostgres(closed / "pg", durable=False).start()
    real = (closed / "pg" / "data").resolve()
    first.stop()
    shutil.rmtree(closed / "pg")
    orphan = real.with_name(f"{real.name}.orphan")
    second = EmbeddedPostgres(closed / "pg", durable=False)
    try:
        assert query(second.start().url, "SELECT 1") == 1
        assert (orphan / "PG_VERSION").exists()
    finally:
        second.destroy()
        shutil.rmtree(orphan, ignore_errors=True)


@as_root
def test_an_unknown_user_is_named() -> None:
    with pytest.raises(EmbeddedError, match="no-such-user"):
        binaries.server_owner("no-such-user")


SCRIPT = """
import sys, threading
from thaman_kit.embedded import EmbeddedNats, EmbeddedPostgres
servers = []
def start():
    servers.append(EmbeddedPostgres(sys.argv[1] + "/pg", durable=False).start())
    servers.append(EmbeddedNats(sys.argv[1] + "/nats", sync_always=False).start())
thread = threading.Thread(target=start)
thread.start()
thread.join()
print(*(server.pid for server in servers), flush=True)
if sys.argv[2] == "wait":
    sys.stdin.read()
"""


@pytest.mark.parametrize("end", ["wait", "return"])
def test_servers_end_with_their_starter_however_it_ends(tmp_path: Path, end: str) -> None:
    """Started from a thread that is gone, and ended by SIGKILL or by a plain return without any stop()."""
    starter = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path), end], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert starter.stdout is not None
        pids = [int(pid) for pid in starter.stdout.readline().split()]
        assert len(pids) == 2
        if end == "wait":
            assert all(alive(pid) for pid in pids)
            starter.send_signal(signal.SIGKILL)
        starter.wait(20)
        for pid in pids:
            wait_until(lambda pid=pid: not alive(pid), what=f"the end of {pid}")
        # The folders are usable at once.
        again = EmbeddedPostgres(tmp_path / "pg", durable=False).start()
        assert query(again.url, "SELECT 1") == 1
        again.destroy()
    finally:
        starter.kill()
        starter.communicate()
