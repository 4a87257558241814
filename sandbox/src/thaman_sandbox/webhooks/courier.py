"""Carries webhooks to their addresses, and comes back five minutes later where nobody answered well."""

import asyncio

import httpx

from thaman_sandbox.models import Delivery
from thaman_sandbox.webhooks.publish import headers_of
from thaman_sandbox.world import World

AT_ONCE = 32
"""Deliveries under way at the same time."""


class Courier:
    """Delivers; one attempt per job, further attempts are jobs on the virtual clock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._client = httpx.AsyncClient(follow_redirects=False, trust_env=False)
        self._places = asyncio.Semaphore(AT_ONCE)
        world.agenda.handle("deliver", self.deliver)

    async def deliver(self, delivery_id: int) -> None:
        """Make one attempt and keep its result."""
        delivery = self._world.state.deliveries[delivery_id]
        async with self._places:
            status, result = await self._attempt(delivery)
        delivery.results.append(result)
        if self._accepted(status):
            delivery.outcome = "delivered"
        elif len(delivery.results) > self._world.switches.webhook_retries:
            delivery.outcome = "lost"
        else:
            due = self._world.clock.timestamp() + self._world.switches.webhook_retry_seconds
            self._world.agenda.add("deliver", delivery.id, lane="virtual", due=due)
        if delivery.outcome != "waiting":
            delivery.body = ""  # it may carry tokens, and nobody needs it any more
        self._world.state.add_delivery(delivery)

    async def _attempt(self, delivery: Delivery) -> tuple[int, str]:
        switches = self._world.switches
        headers = headers_of(delivery, switches.webhook_content_type)
        try:
            answer = await asyncio.wait_for(
                self._client.post(
                    delivery.url,
                    content=delivery.body.encode(),
                    headers=headers,
                    timeout=switches.webhook_timeout_seconds,
                ),
                switches.webhook_timeout_seconds,
            )
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as wrong:
            return 0, type(wrong).__name__
        return answer.status_code, str(answer.status_code)

    def _accepted(self, status: int) -> bool:
        return 200 <= status < 300 if self._world.switches.webhook_any_2xx else status in (200, 201)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()
