"""Secrets at rest: AES-256-GCM under a data key per store, which a ring of master keys wraps.

* A :class:`DataKey` seals values. Deleting the (wrapped) data key of a store destroys all of its secrets at once.
* A :class:`KeyRing` wraps data keys. Its first key wraps; all of its keys unwrap, so rotating means: put a new key in
  front, :meth:`~KeyRing.rewrap` every data key, take the old key out.

Every value is bound to its context (``aad``: say ``store 42 refresh token``); a ciphertext moved elsewhere does not
open.

Format, version 1: ``01 | kind | length of key id | key id | nonce (12) | ciphertext and tag``, where everything before
the nonce is authenticated too. Kind ``01`` is under the ring, ``02`` under a data key (whose id is empty).
"""

import base64
import binascii
import re
import secrets
from typing import NoReturn, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from thaman_kit.errors import KeyRingError, UnknownKey, Unsealable

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
_VERSION = 1
_UNDER_RING = 1
_UNDER_DATA_KEY = 2
_KEY_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_HOW = "write it as id:base64,id2:base64 with the newest first; make one with `thaman keys rotate-vault`"


class _Key:
    """A 256-bit key that neither prints nor pickles itself."""

    __slots__ = ("_cipher", "_key")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise KeyRingError(f"a key has {len(key)} bytes instead of {KEY_BYTES}")
        self._key = key
        self._cipher = AESGCM(key)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key must not be serialised")

    def _encrypt(self, header: bytes, plaintext: bytes, aad: str) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return header + nonce + self._cipher.encrypt(nonce, plaintext, header + _context(aad))

    def _decrypt(self, header: bytes, rest: bytes, aad: str) -> bytes:
        try:
            return self._cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], header + _context(aad))
        except InvalidTag:
            raise Unsealable("a sealed value does not open: wrong key, moved from its place, or changed") from None


class DataKey(_Key):
    """The key of one store's secrets."""

    @classmethod
    def generate(cls) -> Self:
        """A new random key."""
        return cls(secrets.token_bytes(KEY_BYTES))

    def seal(self, plaintext: bytes, aad: str) -> bytes:
        """Encrypt ``plaintext`` for the place ``aad`` names; equal inputs give different results."""
        return self._encrypt(_header(_UNDER_DATA_KEY, b""), plaintext, aad)

    def unseal(self, sealed: bytes, aad: str) -> bytes:
        """The reverse of :meth:`seal`.

        Raises:
            Unsealable: another key, another ``aad``, or changed bytes.
        """
        header, _, rest = _split(sealed, _UNDER_DATA_KEY)
        return self._decrypt(header, rest, aad)


class KeyRing:
    """Master keys by id, newest first."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        """``keys`` are 32 bytes each; the first one seals.

        Raises:
            KeyRingError: no key, a malformed id, or a key of the wrong length.
        """
        if not keys:
            raise KeyRingError(f"the key ring is empty: {_HOW}")
        for key_id in keys:
            if _KEY_ID.fullmatch(key_id) is None:
                raise KeyRingError(f"key id {key_id[:40]!r} may only have letters, digits and _.- (at most 32)")
        self._keys = {key_id: _Key(key) for key_id, key in keys.items()}

    @classmethod
    def parse(cls, text: str | SecretStr) -> Self:
        """Read ``id:base64,id2:base64``.

        Raises:
            KeyRingError: which entry is wrong and why; never with the key itself.
        """
        return cls(parse_ring(text))

    @staticmethod
    def generate_entry(key_id: str) -> SecretStr:
        """The text of a new random key, to be put in front of a ring's text."""
        return SecretStr(f"{key_id}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}")

    @property
    def primary_id(self) -> str:
        """The id of the key that seals."""
        return next(iter(self._keys))

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids, newest first."""
        return tuple(self._keys)

    def seal(self, plaintext: bytes, aad: str) -> bytes:
        """Encrypt under the newest key, for the place ``aad`` names."""
        header = _header(_UNDER_RING, self.primary_id.encode())
        return self._keys[self.primary_id]._encrypt(header, plaintext, aad)

    def unseal(self, sealed: bytes, aad: str) -> bytes:
        """The reverse of :meth:`seal`, with whichever key of the ring it was made.

        Raises:
            UnknownKey: the ring does not hold that key.
            Unsealable: another ``aad`` or changed bytes.
        """
        header, key_id, rest = _split(sealed, _UNDER_RING)
        key = self._keys.get(key_id)
        if key is None:
            raise UnknownKey(f"sealed with key {key_id!r}, the ring has {', '.join(self._keys)}: put that key back")
        return key._decrypt(header, rest, aad)

    def wrap(self, key: DataKey, aad: str) -> bytes:
        """A data key, encrypted for storage."""
        return self.seal(key._key, aad)

    def unwrap(self, wrapped: bytes, aad: str) -> DataKey:
        """The reverse of :meth:`wrap`; raises as :meth:`unseal` does."""
        return DataKey(self.unseal(wrapped, aad))

    def rewrap(self, wrapped: bytes, aad: str) -> bytes:
        """The same data key under the newest key; ``wrapped`` itself if it is already. Raises as :meth:`unseal`."""
        plaintext = self.unseal(wrapped, aad)
        return wrapped if key_id_of(wrapped) == self.primary_id else self.seal(plaintext, aad)

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._keys)})"


def parse_ring(text: str | SecretStr, how: str = _HOW) -> dict[str, bytes]:
    """The keys of ``id:base64,id2:base64``, in their order; ``how`` is what an error says to do.

    Raises:
        KeyRingError: which entry is wrong and why; never with the key itself.
    """
    plain = text.get_secret_value() if isinstance(text, SecretStr) else text
    keys: dict[str, bytes] = {}
    for number, entry in enumerate(filter(None, (part.strip() for part in plain.split(","))), start=1):
        key_id, key = _parse_entry(number, entry, how)
        if key_id in keys:
            raise KeyRingError(f"entry {number} of the key ring repeats the id {key_id!r}: give each key its own")
        keys[key_id] = key
    return keys


def key_id_of(sealed: bytes) -> str:
    """The id of the ring's key that ``sealed`` was made with.

    Raises:
        Unsealable: it was not made by a ring.
    """
    return _split(sealed, _UNDER_RING)[1]


def _context(aad: str) -> bytes:
    if not aad:
        raise ValueError("a sealed value needs a context (aad), otherwise it could be moved unnoticed")
    return aad.encode()


def _header(kind: int, key_id: bytes) -> bytes:
    return bytes((_VERSION, kind, len(key_id))) + key_id


def _split(sealed: bytes, kind: int) -> tuple[bytes, str, bytes]:
    begin = 3 + (sealed[2] if len(sealed) > 2 else 0)
    if len(sealed) < begin + NONCE_BYTES + TAG_BYTES or sealed[0] != _VERSION or sealed[1] != kind:
        raise Unsealable("these bytes are not a sealed value of this kind and version")
    header = sealed[:begin]
    return header, header[3:].decode("ascii", errors="replace"), sealed[begin:]


def _parse_entry(number: int, entry: str, how: str) -> tuple[str, bytes]:
    key_id, colon, text = entry.partition(":")
    if not colon:
        raise KeyRingError(f"entry {number} of the key ring has no ':' between id and key: {how}")
    try:
        key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise KeyRingError(f"entry {number} ({key_id[:32]}) of the key ring is not base64: {how}") from None
    if len(key) != KEY_BYTES:
        raise KeyRingError(
            f"entry {number} ({key_id[:32]}) of the key ring has {len(key)} bytes instead of {KEY_BYTES}: {how}"
        )
    return key_id.strip(), key
