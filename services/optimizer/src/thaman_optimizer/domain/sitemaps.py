"""Sitemaps (sitemaps.org): the addresses a site lists of itself, from XML that may be anything.

A document type is refused before anything of it is read, so that no entity is ever declared, let alone expanded;
nothing is opened but the bytes at hand, and no tree is built.
"""

import zlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from thaman_optimizer.domain.addresses import is_of_host, is_of_shop, shop_of, without_fragment

MAX_SITEMAP_BYTES = 10_000_000
"""Of one sitemap, unpacked."""

MAX_SITEMAPS = 50
"""Asked for in one look."""

MAX_ADDRESSES = 20_000
"""Of pages, taken from one look's sitemaps."""

_GZIP = 16 + zlib.MAX_WBITS
_GZIP_MARK = b"\x1f\x8b"
_MOST_LETTERS = 4_000
"""Of one element's text."""


class SitemapUnreadable(Exception):
    """This is no sitemap that can be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Sitemap:
    """A sitemap's addresses that are of the shop: of pages, or (an index) of further sitemaps.

    ``foreign`` counts those that are another site's or no address.
    """

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    foreign: int = 0


def parse_sitemap(data: bytes, shop: str) -> Sitemap:
    """Read a sitemap or an index of sitemaps, packed or not, of the shop of that name (``addresses.shop_of``).

    Raises:
        SitemapUnreadable: it is none, or larger than we read.
    """
    text = _unpacked(data)
    if len(text) > MAX_SITEMAP_BYTES:
        raise SitemapUnreadable(f"it is larger than {MAX_SITEMAP_BYTES} bytes")
    target = _Locations()
    parser = etree.XMLParser(
        target=target, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True
    )
    try:
        etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        # One that is cut off, or is broken behind its first addresses, is not half a sitemap.
        raise SitemapUnreadable(f"it is not well-formed XML: {error}"[:200]) from error
    if target.root not in ("urlset", "sitemapindex"):
        raise SitemapUnreadable("it is XML, but neither an urlset nor a sitemapindex")
    found = list(dict.fromkeys(without_fragment(one) for one in target.found))
    # On a host of many shops the sitemaps may lie beside the shops' folders.
    is_index = target.root == "sitemapindex"
    own = [one for one in found if (is_of_host(one, shop) if is_index else is_of_shop(one, shop))]
    foreign = len(found) - len(own)
    return Sitemap(sitemaps=tuple(own), foreign=foreign) if is_index else Sitemap(tuple(own), foreign=foreign)


def first_sitemaps(url: str, named: tuple[str, ...]) -> tuple[str, ...]:
    """Where to begin: the address itself if it is a sitemap's, or those that the site's robots.txt names and that are
    of the same host, or ``/sitemap.xml``."""
    parts = urlsplit(url)
    if parts.path.lower().endswith((".xml", ".xml.gz")):
        return (without_fragment(url),)
    shop = shop_of(url)
    own = tuple(dict.fromkeys(without_fragment(one) for one in named if is_of_host(one, shop)))
    _, _, folder = shop.partition("/")
    return own or (f"{parts.scheme}://{parts.netloc}{f'/{folder}' if folder else ''}/sitemap.xml",)


@dataclass(slots=True)
class _Locations:
    """Takes the parser's events; only ``loc`` right under ``url`` or ``sitemap`` counts, images' and videos' do not."""

    root: str | None = None
    found: list[str] = field(default_factory=list)
    _path: list[str] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _letters: int = 0

    def doctype(self, name: str | None, public: str | None, system: str | None) -> None:
        """No sitemap has one."""
        raise ValueError("it has a document type, which no sitemap needs")

    def start(self, tag: str, attributes: Any) -> None:
        """An element begins."""
        name = tag.rpartition("}")[2]
        if not self._path:
            self.root = name
        self._path.append(name)
        self._text, self._letters = [], 0

    def data(self, text: str) -> None:
        """Text of the element that began last."""
        if self._is_location() and self._letters <= _MOST_LETTERS:
            self._text.append(text)
            self._letters += len(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        if self._is_location() and len(self.found) < MAX_ADDRESSES:
            address = "".join(self._text).strip()
            if address:
                self.found.append(address)
        self._path.pop()

    def close(self) -> None:
        """The document is over."""

    def _is_location(self) -> bool:
        return self._path[1:] in (["url", "loc"], ["sitemap", "loc"])


def _unpacked(data: bytes) -> bytes:
    """The bytes, unpacked where they are gzip, but never beyond one byte more than is read."""
    found = bytearray()
    while data.startswith(_GZIP_MARK):
        unpack = zlib.decompressobj(_GZIP)
        try:
            found += unpack.decompress(data, MAX_SITEMAP_BYTES + 1 - len(found))
        except zlib.error as error:
            raise SitemapUnreadable("it is not packed as it seems") from error
        if len(found) > MAX_SITEMAP_BYTES:
            raise SitemapUnreadable(f"it is larger than {MAX_SITEMAP_BYTES} bytes")
        if not unpack.eof:
            raise SitemapUnreadable("it is packed and cut off")
        data = unpack.unused_data
        if not data.startswith(_GZIP_MARK):
            return bytes(found)
    return data
