"""One page over HTTP: bounded in time, size and redirects."""

import codecs
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from hashlib import sha256

import httpx

from thaman_optimizer.errors import PageRefused, PageUnreachable, PageUnreadable

MAX_BYTES = 2_000_000
MAX_REDIRECTS = 3
AGENT = "ThamanBot"
USER_AGENT = f"{AGENT}/1.0 (+https://thaman.dev/bot; price comparison on behalf of a merchant)"

_HEADERS = {
    "User-Agent": USER_AGENT,
    "Accept-Language": "ar,en;q=0.8",
    "Accept-Encoding": "gzip",
}
HTML = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"
"""What is asked for where a page is wanted, as an ``Accept`` header."""

_GZIP = 16 + zlib.MAX_WBITS

_HEAD_BYTES = 1_024
"""Of a page, within which HTML wants its charset named."""

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_NO_CHARSETS = frozenset(("idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "utf-7"))
"""Codecs of Python's that no page is written in; some take time that grows with the square of the text."""

_REDIRECTS = frozenset((301, 302, 303, 307, 308))


@dataclass(frozen=True, slots=True)
class Page:
    """An answer from ``url``; ``status`` 304 means: as you know it. With another status than 200 there is no body.

    ``digest`` is the body's SHA-256, ``charset`` the one it is most likely in, ``declared`` the one its answer names.
    """

    url: str
    status: int
    body: bytes = b""
    digest: str = ""
    charset: str = "utf-8"
    declared: str | None = None
    etag: str | None = None
    last_modified: str | None = None

    @property
    def text(self) -> str:
        """The body as text, whatever is in it."""
        return self.body.decode(self.charset, "replace")


def next_hop(response: httpx.Response) -> httpx.URL | None:
    """Where a response redirects to, if it does.

    Raises:
        PageRefused: to something that is not the web.
    """
    if response.status_code not in _REDIRECTS or "location" not in response.headers:
        return None
    try:
        target = response.request.url.join(response.headers["location"])
    except httpx.InvalidURL as error:
        raise PageRefused("the page redirects to something that is not an address") from error
    if target.scheme not in ("http", "https") or not target.host:
        raise PageRefused(f"the page redirects to {target.scheme}:, which is not the web")
    return target


async def get(
    client: httpx.AsyncClient,
    url: httpx.URL,
    conditions: Mapping[str, str],
    most_bytes: int = MAX_BYTES,
    accept: str = HTML,
) -> httpx.Response | Page:
    """Ask for one address; a redirect comes back as it is, anything else as a page.

    Raises:
        PageUnreachable: no answer, or an error answer.
        PageUnreadable: too large, or in an encoding nobody asked for.
    """
    try:
        headers = {**_HEADERS, "Accept": accept, **conditions}
        async with client.stream("GET", url, headers=headers, follow_redirects=False) as response:
            if response.status_code in _REDIRECTS:
                return response
            return await _page(response, most_bytes)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise PageUnreachable(f"no answer: {type(error).__name__}") from error


async def _page(response: httpx.Response, most_bytes: int) -> Page:
    url = str(response.request.url)
    etag, modified = response.headers.get("etag"), response.headers.get("last-modified")
    if response.status_code == httpx.codes.NOT_MODIFIED:
        return Page(url, response.status_code, etag=etag, last_modified=modified)
    if response.status_code != httpx.codes.OK:
        return Page(url, response.status_code)
    body = await read_bounded(response, most_bytes)
    return Page(
        url,
        response.status_code,
        body,
        sha256(body).hexdigest(),
        charset_of(response, body),
        charset_of(response) if "charset" in response.headers.get("content-type", "").lower() else None,
        etag,
        modified,
    )


async def read_bounded(response: httpx.Response, limit: int = MAX_BYTES) -> bytes:
    """The body, unpacked but never beyond ``limit``, however well it was packed.

    Raises:
        PageUnreadable: larger, or not gzip as it says.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", ""):
        raise PageUnreadable(f"the page is packed as {encoding[:20]!r}, which nobody asked for")
    unpack = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
    body = bytearray()
    async for chunk in response.aiter_raw():
        try:
            body += chunk if unpack is None else unpack.decompress(chunk, limit - len(body) + 1)
        except zlib.error as error:
            raise PageUnreadable("the page is not packed as it says") from error
        if len(body) > limit:
            raise PageUnreadable(f"the page is larger than {limit} bytes")
    return bytes(body)


def charset_of(response: httpx.Response, body: bytes = b"") -> str:
    """The charset the answer names, or else the page's own beginning, where a page may be in it; UTF-8 otherwise."""
    message = Message()
    message["content-type"] = response.headers.get("content-type", "")
    within = _META_CHARSET.search(body[:_HEAD_BYTES])
    named = message.get_content_charset(within[1].decode("ascii") if within else "utf-8")
    try:
        return "utf-8" if codecs.lookup(named).name in _NO_CHARSETS else _tried(named)
    except (LookupError, ValueError):
        return "utf-8"


def _tried(named: str) -> str:
    # Some names are of codecs that take no text.
    "".encode(named)
    return named
