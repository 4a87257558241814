"""A store's merchant is handed over from one service's page to another's, by a short-lived signed token.

Who signs has just seen Salla's proof that a browser is the merchant's. The token says which store, until when and
nothing else; the key signs such tokens and opens nothing else. Whoever opens one has to see to it that it works once.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

LIVES = timedelta(minutes=10)
LONGEST = 400
MIN_KEY = 32
_PURPOSE = b"thaman-handover:1:"


class BadHandover(Exception):
    """No token of ours, or one that has expired."""


@dataclass(frozen=True, slots=True)
class Handover:
    """Which store's merchant arrives, and until when."""

    store_id: str
    expires_at: datetime


def sign(key: SecretStr, store_id: str, now: datetime) -> str:
    """A token for the store that works for :data:`LIVES`."""
    expires = int((now + LIVES).timestamp())
    said = _pack(json.dumps([store_id, expires, secrets.token_urlsafe(16)]).encode())
    return f"{said}.{_pack(_mac(key, said))}"


def read(key: SecretStr, token: str, now: datetime) -> Handover:
    """What a token says.

    Raises:
        BadHandover: it was not signed with this key, or has expired.
    """
    said, _, proof = token.partition(".")
    try:
        given = _unpack(proof)
    except (binascii.Error, ValueError) as error:
        raise BadHandover("not a token") from error
    if len(token) > LONGEST or not hmac.compare_digest(given, _mac(key, said)):
        raise BadHandover("not signed with our key")
    store_id, expires, _ = json.loads(_unpack(said))
    expires_at = datetime.fromtimestamp(expires, UTC)
    if now >= expires_at:
        raise BadHandover("expired")
    return Handover(store_id, expires_at)


def _mac(key: SecretStr, said: str) -> bytes:
    return hmac.new(key.get_secret_value().encode(), _PURPOSE + said.encode(), hashlib.sha256).digest()


def _pack(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unpack(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
