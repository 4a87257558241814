"""Connections to Salla, kept in small pools."""

import ssl
from functools import cache

import httpx


class SpreadTransport(httpx.AsyncBaseTransport):
    """Hands each request to the pool that has least to do.

    httpcore asks every idle connection of a pool twice a request whether the peer hung up. With one pool for all jobs
    that was an eighth of what a call costs; so there are ``pools`` of them, and most hold one connection.
    """

    def __init__(self, connections: int, pools: int = 32) -> None:
        """``connections`` is the most each pool may open: with as many as calls at the same time, none ever waits."""
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._pools = [httpx.AsyncHTTPTransport(verify=_tls(), limits=limits) for _ in range(pools)]
        self._busy = [0] * pools

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and read its whole answer, so that the connection is free again."""
        place = self._busy.index(min(self._busy))
        self._busy[place] += 1
        try:
            response = await self._pools[place].handle_async_request(request)
            await response.aread()
        finally:
            self._busy[place] -= 1
        return response

    async def aclose(self) -> None:
        """Let all connections go."""
        for pool in self._pools:
            await pool.aclose()


@cache
def _tls() -> ssl.SSLContext:
    """Trusted authorities; reading them takes longer than a call, so it is done once."""
    return httpx.create_ssl_context()
