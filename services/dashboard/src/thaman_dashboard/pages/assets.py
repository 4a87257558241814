"""The static files: named by what they hold, so that a browser may keep each for ever."""

import hashlib
from dataclasses import dataclass
from importlib import resources

_TYPES = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
_HASH = 12


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served."""

    body: bytes
    media_type: str


class Assets:
    """All files of ``pages/static``."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._assets: dict[str, Asset] = {}
        for file in resources.files("thaman_dashboard").joinpath("pages/static").iterdir():
            stem, _, kind = file.name.rpartition(".")
            if kind not in _TYPES:
                continue
            body = file.read_bytes()
            name = f"{stem}-{hashlib.sha256(body).hexdigest()[:_HASH]}.{kind}"
            self._names[file.name] = name
            self._assets[name] = Asset(body, _TYPES[kind])

    def address(self, name: str) -> str:
        """Where ``style.css`` is found now."""
        return f"/static/{self._names[name]}"

    def get(self, name: str) -> Asset | None:
        """The file of an address's last part."""
        return self._assets.get(name)
