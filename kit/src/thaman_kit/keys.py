"""What an API key is made of.

A key looks like ``thk_live_<43 characters>_<6 characters>``: 256 random bits and a checksum that finds typing mistakes
without asking the database. Only an HMAC-SHA256 of it, under a pepper that all services share, is stored; its unique
index makes the lookup. A slow hash would protect guessable passwords, and these keys are not guessable.
"""

import hashlib
import hmac
import secrets
import zlib
from dataclasses import dataclass
from typing import Self

from pydantic import SecretStr

PREFIX = "thk_live_"
BODY_LENGTH = 43
CHECKSUM_LENGTH = 6
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key at the moment it is made: ``key`` is shown to its owner once and stored nowhere."""

    key_id: str
    key: SecretStr
    key_hash: str

    @classmethod
    def generate(cls, pepper: str | SecretStr) -> Self:
        """A new random key."""
        body = PREFIX + _base62(int.from_bytes(secrets.token_bytes(32)), BODY_LENGTH)
        key = f"{body}_{_checksum(body)}"
        return cls(f"key_{secrets.token_hex(8)}", SecretStr(key), hash_key(key, pepper))


def hash_key(key: str, pepper: str | SecretStr) -> str:
    """What is stored of ``key``: its HMAC-SHA256 under ``pepper``, in hexadecimal."""
    secret = pepper.get_secret_value() if isinstance(pepper, SecretStr) else pepper
    return hmac.new(secret.encode(), key.encode(), hashlib.sha256).hexdigest()


def is_well_formed(key: str) -> bool:
    """Whether ``key`` has the shape and the checksum of a key; says nothing about whether it works."""
    body, _, checksum = key.rpartition("_")
    random_part = body.removeprefix(PREFIX)
    shaped = body.startswith(PREFIX) and len(random_part) == BODY_LENGTH and set(random_part) <= set(_ALPHABET)
    return shaped and hmac.compare_digest(checksum.encode(), _checksum(body).encode())


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECKSUM_LENGTH)
