"""Which database a command speaks to: the running installation's, or the one the environment names."""

import os
from pathlib import Path
from typing import Any

from thaman_cli.errors import NotRunning
from thaman_cli.servers import DATABASE_URL, NATS_URL
from thaman_cli.state import Home

ARCHIVE_DIR = "THAMAN_AUDIT_ARCHIVE_DIR"


def admin_url(home: Home) -> str:
    """PostgreSQL as a role that sees every schema.

    Raises:
        NotRunning: nothing runs and the environment names no database.
    """
    running = home.running()
    url = running.database_url if running else os.environ.get(DATABASE_URL)
    if not url:
        raise _nothing(home, DATABASE_URL)
    return url


def archive_dir() -> Path | None:
    """Where the ledger's archive is, if not where it was written."""
    folder = os.environ.get(ARCHIVE_DIR)
    return Path(folder) if folder else None


def nats_url(home: Home) -> str:
    """NATS as a user that may create streams.

    Raises:
        NotRunning: nothing runs and the environment names no NATS.
    """
    running = home.running()
    url = running.nats_url if running else os.environ.get(NATS_URL)
    if not url:
        raise _nothing(home, NATS_URL)
    return url


def connect(home: Home, service: str) -> Any:
    """The event store of one service; close it at the end."""
    from thaman_kit.application import EventSourcedApplication  # late: loads the event store

    return EventSourcedApplication.connect(service, admin_url(home), pool_size=2)


def _nothing(home: Home, variable: str) -> NotRunning:
    return NotRunning(
        "There is no database to ask" if variable == DATABASE_URL else "There is no NATS to ask",
        f"nothing runs in {home.folder} and {variable} is not set",
        f"Start Thaman with `thaman up`, or set {variable}.",
    )
