"""The static files: named by what they hold, so that a browser may keep each for ever.

The parts of ``static/style`` are one stylesheet, in the order of their names. ``static/vendor`` holds other people's
files as they were published; ``vendor.json`` says whose, and a test holds them to their hashes.
"""

import gzip
import hashlib
from dataclasses import dataclass
from importlib import resources

from thaman_dashboard.pages.brand import Brand

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
}
_PACKED = frozenset(("css", "js", "svg"))
_HASH = 12


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served; ``packed`` is the same by gzip, where that is worth it."""

    body: bytes
    media_type: str
    packed: bytes | None


class Assets:
    """All files of ``pages/static``."""

    def __init__(self, brand: Brand | None = None) -> None:
        """``brand`` brings a stylesheet of its own, which comes after ours, and a logo."""
        self._names: dict[str, str] = {}
        self._assets: dict[str, Asset] = {}
        folder = resources.files("thaman_dashboard").joinpath("pages/static")
        for file in (*folder.iterdir(), *folder.joinpath("vendor").iterdir()):
            if file.name.rpartition(".")[2] in _TYPES:
                self._add(file.name, file.read_bytes())
        parts = sorted(folder.joinpath("style").iterdir(), key=lambda part: part.name)
        self._add("style.css", b"\n".join(part.read_bytes() for part in parts))
        if brand is not None and brand.style is not None:
            self._add("brand.css", brand.style)
        if brand is not None and brand.logo is not None and brand.logo_name is not None:
            self._add(brand.logo_name, brand.logo[0])

    def _add(self, file: str, body: bytes) -> None:
        stem, _, kind = file.rpartition(".")
        name = f"{stem}-{hashlib.sha256(body).hexdigest()[:_HASH]}.{kind}"
        self._names[file] = name
        self._assets[name] = Asset(body, _TYPES[kind], gzip.compress(body, 9, mtime=0) if kind in _PACKED else None)

    def address(self, name: str) -> str:
        """Where ``style.css`` is found now."""
        return f"/static/{self._names[name]}"

    def addresses(self) -> list[str]:
        """Where each file is found now, in the order of their names."""
        return sorted(map(self.address, self._names))

    def get(self, name: str) -> Asset | None:
        """The file of an address's last part."""
        return self._assets.get(name)
