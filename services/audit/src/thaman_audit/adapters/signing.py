"""Ed25519: the key that signs checkpoints, and whether a signature is one of a public key."""

from typing import NoReturn, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import SecretStr

from thaman_kit.errors import KeyRingError
from thaman_kit.vault import parse_ring

_HOW = "write it as id:base64 of 32 bytes; make one with `thaman keys rotate-audit`"


class SigningKey:
    """A private key that neither prints nor pickles itself."""

    __slots__ = ("_key", "public_key")

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw()

    @classmethod
    def parse(cls, text: SecretStr) -> Self:
        """The first key of ``id:base64``, separated by commas; the ids are for whoever keeps the keys.

        Raises:
            KeyRingError: which entry is wrong and why; never with the key itself.
        """
        keys = cls.parse_all(text)
        if not keys:
            raise KeyRingError(f"there is no key to sign checkpoints with: {_HOW}")
        return keys[0]

    @classmethod
    def parse_all(cls, text: SecretStr) -> list[Self]:
        """Every key of the text, the one that signs first. Raises as :meth:`parse`."""
        return [cls(seed) for seed in parse_ring(text, _HOW).values()]

    def sign(self, message: bytes) -> bytes:
        """The signature of a message, 64 bytes."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return "SigningKey(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key must not be serialised")


def is_signed(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` is one of ``message`` by the holder of ``public_key``."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
