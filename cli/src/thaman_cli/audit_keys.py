"""The key that signs checkpoints: making a new one, and which public keys a proof may trust."""

import base64
import os
import re
import time
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from thaman_audit.adapters.moment import Moment
from thaman_audit.adapters.signing import SigningKey
from thaman_audit.domain.checkpoints import key_id_of
from thaman_cli.api import not_running
from thaman_cli.databases import admin_url
from thaman_cli.errors import BadUsage, CliError
from thaman_cli.plan import AUDIT_KEYS
from thaman_cli.rotation import hand_out
from thaman_cli.state import Home
from thaman_kit.vault import KeyRing

_SECONDS = 60.0
_KEY_BYTES = 32


def rotate(home: Home) -> dict[str, Any]:
    """Give the running installation a new key, and wait until a checkpoint is signed with it."""
    if home.running() is None:
        raise not_running(home)
    if os.environ.get(AUDIT_KEYS):
        raise BadUsage(
            "The key was not rotated",
            f"{AUDIT_KEYS} is set here, so it and not the folder says what signs",
            "Write a new key to a file with --file, and set the variable to the file's text.",
        )
    secrets = home.load_secrets()
    number = re.match(r"k([0-9]+):", secrets.audit_keys.get_secret_value())
    secrets.audit_keys = KeyRing.generate_entry(f"k{int(number[1]) + 1 if number else 1}")
    home.save_secrets(secrets)
    hand_out(home, "the audit's worker", "it signs with the old key until it is restarted")
    said = _public(secrets.audit_keys)
    return said | {"checkpoint": _wait_for_seal(home, said["key_id"])}


def write_new(path: Path) -> dict[str, Any]:
    """A new key in a new file that only its owner can read.

    Raises:
        BadUsage: the file exists already, or cannot be made.
    """
    made = KeyRing.generate_entry("k1")
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            handle.write(made.get_secret_value() + "\n")
    except OSError as error:
        raise BadUsage("The key was not written", str(error), "Name a new file in a folder that exists.") from error
    return _public(made)


def trusted_keys(home: Home, given: list[str]) -> list[bytes]:
    """The public keys to trust: those given, or those of the private keys that this machine knows of.

    Raises:
        BadUsage: something given is no public key.
    """
    if given:
        return parsed_keys(given)
    text = os.environ.get(AUDIT_KEYS)
    if home.running() is not None:
        text = text or home.load_secrets().audit_keys.get_secret_value()
    return [key.public_key for key in SigningKey.parse_all(SecretStr(text))] if text else []


def parsed_keys(given: list[str]) -> list[bytes]:
    """Public keys of their text; ``BadUsage`` where something given is none."""
    return [_parsed(text) for text in given]


def _public(ring: SecretStr) -> dict[str, Any]:
    public_key = SigningKey.parse(ring).public_key
    return {"key_id": key_id_of(public_key), "public_key": base64.b64encode(public_key).decode()}


def _wait_for_seal(home: Home, key_id: str) -> int:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        with Moment.of(admin_url(home)) as ledger:
            latest = ledger.latest()
        if latest is not None and latest.statement.key_id == key_id:
            return latest.statement.number
        time.sleep(0.1)
    raise CliError(
        "No checkpoint was signed with the new key",
        f"the audit's worker has the new key, but sealed nothing within {_SECONDS:g} s",
        "Read the audit worker's log, and run `thaman audit verify`.",
    )


def _parsed(text: str) -> bytes:
    try:
        key = bytes.fromhex(text) if len(text) == 2 * _KEY_BYTES else base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise BadUsage(
            f"{text[:80]!r} is not a public key",
            f"a public key has {_KEY_BYTES} bytes in base64 or hexadecimal",
            "Take it from `GET /audit/keys`, or from where you noted it.",
        )
    return key
