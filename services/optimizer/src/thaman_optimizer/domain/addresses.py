"""Web addresses as merchants and other people's files give them: which are usable, and whose shop they are of."""

from urllib.parse import urlsplit

LONGEST_ADDRESS = 2_000

_SHARED = frozenset(("salla.sa",))
"""Hosts of many shops, each under a first folder of its own."""

_LONGEST_HOST = 253

_PORTS = {"http": 80, "https": 443}


def is_web_address(url: str) -> bool:
    """Whether this is a plain http(s) address with a host and without credentials, of at most 2,000 letters."""
    if len(url) > LONGEST_ADDRESS or not url.isprintable() or " " in url or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        good = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return good and "@" not in parts.netloc


def shop_of(url: str) -> str:
    """What an address's shop is called where nothing else names it: its host without ``www.``, and its port if odd.

    On a host of many shops the shop's folder is part of it. The address has to be usable.
    """
    parts = urlsplit(url)
    host = _written((parts.hostname or "").removeprefix("www.").rstrip("."))
    if host in _SHARED:
        host = f"{host}/{parts.path.lstrip('/').partition('/')[0].lower()}"
    return host if parts.port in (None, _PORTS[parts.scheme]) else f"{host}:{parts.port}"


def _written(host: str) -> str:
    """A host in its own script, where its address has it in ASCII."""
    if "xn--" not in host or len(host) > _LONGEST_HOST:
        return host
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host


def is_of_shop(url: str, shop: str) -> bool:
    """Whether an address is usable and of the shop of that :func:`shop_of`."""
    return is_web_address(url) and shop_of(url) == shop


def is_of_host(url: str, shop: str) -> bool:
    """Whether an address is usable and of the same host as the shop of that :func:`shop_of`."""
    return is_web_address(url) and shop_of(url).partition("/")[0] == shop.partition("/")[0]


def without_fragment(url: str) -> str:
    """The address of the page, without the place in it."""
    return url.partition("#")[0]
