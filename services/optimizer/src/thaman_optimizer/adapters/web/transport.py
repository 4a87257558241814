"""An HTTP transport that connects only to checked addresses."""

import httpx

from thaman_optimizer.adapters.web.addresses import AddressRules

HTTPS = 443
HTTP = 80


class PinnedTransport(httpx.AsyncBaseTransport):
    """Resolves, checks and pins the address of every request; TLS still verifies the host's own name.

    Each host has a transport of its own, so that no connection is ever shared between names that happen to live on
    one address.
    """

    def __init__(self, rules: AddressRules) -> None:
        self._rules = rules
        self._by_host: dict[tuple[str, str, int], httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request to the address its host was checked to have."""
        url = request.url
        port = url.port or (HTTPS if url.scheme == "https" else HTTP)
        address = await self._rules.pin(url.host, port)
        inner = self._by_host.get((url.scheme, url.host, port))
        if inner is None:
            inner = self._by_host[url.scheme, url.host, port] = httpx.AsyncHTTPTransport(trust_env=False)
        pinned = httpx.Request(
            request.method,
            url.copy_with(host=address),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions | {"sni_hostname": url.host},
        )
        return await inner.handle_async_request(pinned)

    async def aclose(self) -> None:
        """Close all connections."""
        for inner in self._by_host.values():
            await inner.aclose()
        self._by_host.clear()
