"""Sealing text for one place: a data key of its own for each owner, wrapped by the key ring.

``owner`` names the row (``tokens|<store>``) and ``place`` the column; both are authenticated, so a sealed value that
was moved to another row or column opens nowhere.
"""

from dataclasses import dataclass, field

from thaman_kit.vault import DataKey, KeyRing, key_id_of


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A data key of one owner, with its wrapped form for storage."""

    owner: str
    wrapped: bytes
    _key: DataKey = field(repr=False)

    @property
    def key_id(self) -> str:
        """The ring's key that wraps it."""
        return key_id_of(self.wrapped)

    def seal(self, text: str, place: str) -> bytes:
        """Seal ``text`` for the column ``place``."""
        return self.seal_bytes(text.encode(), place)

    def open(self, sealed: bytes, place: str) -> str:
        """The reverse of :meth:`seal`; raises the vault's errors."""
        return self.open_bytes(sealed, place).decode()

    def seal_bytes(self, plain: bytes, place: str) -> bytes:
        """Seal any bytes for the column ``place``."""
        return self._key.seal(plain, f"{self.owner}|{place}")

    def open_bytes(self, sealed: bytes, place: str) -> bytes:
        """The reverse of :meth:`seal_bytes`; raises the vault's errors."""
        return self._key.unseal(bytes(sealed), f"{self.owner}|{place}")


class Sealer:
    """Makes and opens data keys."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    @property
    def key_id(self) -> str:
        """The ring's newest key."""
        return self._ring.primary_id

    def new_key(self, owner: str) -> OwnKey:
        """A fresh data key for ``owner``."""
        key = DataKey.generate()
        return OwnKey(owner, self._ring.wrap(key, owner), key)

    def open_key(self, owner: str, wrapped: bytes) -> OwnKey:
        """The data key of ``owner`` from its wrapped form; raises the vault's errors."""
        return OwnKey(owner, bytes(wrapped), self._ring.unwrap(bytes(wrapped), owner))

    def rewrap(self, owner: str, wrapped: bytes) -> bytes:
        """The same data key under the ring's newest key."""
        return self._ring.rewrap(bytes(wrapped), owner)
