"""The installation's folder (``.thaman``): secrets made once, what runs now, logs and data.

``state.json`` holds the generated secrets and survives stops; ``running.json`` says what runs now and is removed at
the end. Both are readable by their owner only. ``lock`` is held (flock) by the one supervisor of the folder,
``guard.lock`` by its guard until the last process is gone; the kernel frees them whatever way those processes end.
"""

import base64
import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from pydantic import BaseModel, Field, SecretStr, field_serializer, field_validator

from thaman_cli.errors import AlreadyRunning, StartFailed
from thaman_contracts.subjects import ROOMS

_LONG_LOG = 10_000_000


def _token(size: int = 24) -> SecretStr:
    return SecretStr(secrets.token_hex(size))


def _key_ring() -> SecretStr:
    return SecretStr(f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}")


def _role_passwords() -> dict[str, SecretStr]:
    return {str(room): _token() for room in ROOMS}


class Secrets(BaseModel):
    """What was generated for this folder; never printed."""

    role_passwords: dict[str, SecretStr] = Field(default_factory=_role_passwords)
    api_key_pepper: SecretStr = Field(default_factory=_token)
    vault_keys: SecretStr = Field(default_factory=_key_ring)
    audit_keys: SecretStr = Field(default_factory=_key_ring)
    salla_client_id: str = Field(default_factory=lambda: f"thaman-{secrets.token_hex(6)}")
    salla_client_secret: SecretStr = Field(default_factory=_token)
    webhook_secret: SecretStr = Field(default_factory=_token)
    handover_key: SecretStr = Field(default_factory=_token)
    operator_key: SecretStr | None = None
    dashboard_key: SecretStr | None = None

    @field_validator("role_passwords")
    @classmethod
    def _complete(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        """An earlier release had fewer rooms."""
        return _role_passwords() | value

    @field_serializer(
        "api_key_pepper",
        "vault_keys",
        "audit_keys",
        "salla_client_secret",
        "webhook_secret",
        "handover_key",
        "operator_key",
        "dashboard_key",
        when_used="json",
    )
    def _plain(self, value: SecretStr | None) -> str | None:
        return value.get_secret_value() if value else None

    def passwords(self) -> dict[str, str]:
        """Each service role's password."""
        return {name: secret.get_secret_value() for name, secret in self.role_passwords.items()}

    @field_serializer("role_passwords", when_used="json")
    def _plain_each(self, value: dict[str, SecretStr]) -> dict[str, str]:
        return {name: secret.get_secret_value() for name, secret in value.items()}


class RunningProcess(BaseModel):
    """One process of a running installation."""

    name: str
    pid: int | None
    ready_url: str | None = None
    log: str
    restarts: int = 0


class Running(BaseModel):
    """What runs now and where it can be reached."""

    pid: int
    started_at: str
    database_url: str
    nats_url: str
    urls: dict[str, str]
    reloads: int = 0
    processes: list[RunningProcess] = Field(default_factory=list)


class Home:
    """One installation's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs = folder / "logs"
        self.data = folder / "data"
        self._state = folder / "state.json"
        self._running = folder / "running.json"

    def prepare(self) -> None:
        """Make the folders; says what to do when that is not allowed."""
        try:
            for made in (self.folder, self.logs, self.data):
                made.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StartFailed(
                f"Cannot write to {self.folder}",
                str(error),
                "Run as the folder's owner, or give another folder with --home.",
            ) from error

    def wipe_data(self) -> None:
        """Forget everything stored, secrets and logs included. Only while nothing runs."""
        from thaman_kit.embedded import EmbeddedPostgres  # late: most commands never need it

        EmbeddedPostgres(self.data / "postgres").destroy()  # as root its files may lie outside this folder
        for path in (self.data, self.logs):
            if path.exists():
                shutil.rmtree(path)
        self._state.unlink(missing_ok=True)
        self.prepare()

    def load_secrets(self) -> Secrets:
        """The folder's secrets, made at the first call."""
        if self._state.exists():
            text = self._state.read_text(encoding="utf-8")
            kept = Secrets.model_validate_json(text)
            if kept.model_dump_json(indent=1) != text:
                self.save_secrets(kept)  # an earlier release did not have what was just made
            return kept
        made = Secrets()
        self.save_secrets(made)
        return made

    def save_secrets(self, kept: Secrets) -> None:
        """Keep the secrets, readable by the owner only."""
        _write_private(self._state, kept.model_dump_json(indent=1))

    def write_private(self, name: str, text: str) -> Path:
        """A file in the folder that only the owner can read."""
        path = self.folder / name
        _write_private(path, text)
        return path

    def fresh_log(self, name: str) -> Path:
        """A process' log file; a long one is put aside first."""
        log = self.logs / f"{name}.log"
        if log.exists() and log.stat().st_size > _LONG_LOG:
            log.replace(log.with_suffix(".log.1"))
        return log

    def save_running(self, running: Running) -> None:
        """Tell other commands what runs."""
        _write_private(self._running, running.model_dump_json(indent=1))

    def clear_running(self) -> None:
        """Nothing runs any more."""
        self._running.unlink(missing_ok=True)

    def running(self) -> Running | None:
        """What runs now; ``None`` when no supervisor holds the folder."""
        if not self.is_locked() or not self._running.exists():
            return None
        return Running.model_validate_json(self._running.read_bytes())

    def is_locked(self) -> bool:
        """Whether a supervisor holds the folder."""
        return _is_held(self.folder / "lock")

    def wait_for_guard(self, seconds: float) -> bool:
        """Wait until an earlier guard has ended the last process; whether it did in time."""
        until = time.monotonic() + seconds
        while _is_held(self.folder / "guard.lock"):
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder; a second holder is told so at once."""
        with (self.folder / "lock").open("a") as handle:
            if not _try_lock(handle):
                raise AlreadyRunning(
                    "Thaman is already running in this folder",
                    f"another process holds {self.folder / 'lock'}",
                    "Look at it with `thaman status`, or stop it with `thaman down`.",
                )
            yield


def _try_lock(handle: TextIO) -> bool:
    """Take the lock; tried for a moment, because ``status`` holds it for an instant when it looks."""
    until = time.monotonic() + 0.3
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        else:
            return True


def _is_held(path: Path) -> bool:
    if not path.exists():
        return False
    with path.open("r") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _write_private(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    fresh.replace(path)
