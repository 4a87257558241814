"""Which addresses may be connected to.

A link is given by a merchant and a page may redirect anywhere, so every connection resolves the name itself, refuses
anything that is not public, and then connects to exactly the address it checked (a second resolution could differ).
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable

from thaman_optimizer.errors import PageRefused, PageUnreachable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Resolves a host and port to textual addresses."""

PORTS = frozenset((80, 443))

# What Python's is_global does not rule out but still leads inside: NAT64 and 6to4 carry an IPv4 address within.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.IPv6Network("64:ff9b:1::/48")


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system resolves it.

    Raises:
        PageUnreachable: there are none.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        raise PageUnreachable(f"the name {host} cannot be resolved") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class AddressRules:
    """Public addresses on web ports only; ``allow_loopback`` lets the local sandbox in, on any port."""

    def __init__(self, *, allow_loopback: bool = False, resolver: Resolve = resolve) -> None:
        self._allow_loopback = allow_loopback
        self._resolve = resolver

    async def pin(self, host: str, port: int) -> str:
        """The address to connect to for a host.

        Raises:
            PageRefused: one of the host's addresses is not public, or the port is not a web port.
            PageUnreachable: the host has no address.
        """
        texts = await self._resolve(host, port)
        if not texts:
            raise PageUnreachable(f"the name {host} has no address")
        addresses = [_parsed(text) for text in texts]
        if self._allow_loopback and all(address.is_loopback for address in addresses):
            return str(addresses[0])
        if port not in PORTS:
            raise PageRefused(f"port {port} is not a web port; only 80 and 443 are read")
        # One private address among public ones is how rebinding looks, so all of them have to be public.
        for address in addresses:
            if not is_public(address):
                raise PageRefused(f"{host} leads to {address}, which is not a public address")
        return str(addresses[0])


def is_public(address: Address) -> bool:
    """Whether an address is one that the whole internet may reach, whatever it carries inside."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return is_public(inner)
        if address in _NAT64_LOCAL:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved and not address.is_unspecified


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _parsed(text: str) -> Address:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError as error:
        raise PageRefused(f"{text!r} is not an address") from error
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
