"""Following events as they are published, with ordered consumers that NATS forgets by itself."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from thaman_cli.errors import NotRunning
from thaman_contracts.envelope import Envelope, EnvelopeError, from_headers
from thaman_contracts.subjects import SERVICES, stream_of
from thaman_kit.nats import BusSettings, connect, disconnect

CONNECT_S = 10.0
FORGOTTEN_AFTER_S = 5.0
"""How long NATS keeps a consumer that nobody listens to; a subscriber may not delete any."""

Show = Callable[[Envelope, bytes], None]


async def follow(nats_url: str, store_id: str | None, show: Show, stop: asyncio.Event) -> None:
    """Hand every event that is published from now on to ``show``, of one store or of all, until ``stop`` is set.

    Events of a store come in order within a service; services have no order among each other.

    Raises:
        NotRunning: NATS does not answer, or has none of the streams.
    """
    bus = await _connect(nats_url)
    try:
        for service in SERVICES:
            await _subscribe(bus, service, store_id, show)
        await stop.wait()
    finally:
        await disconnect(bus)


async def _connect(nats_url: str) -> Client:
    settings = BusSettings(servers=tuple(nats_url.split(",")))
    try:
        return await asyncio.wait_for(connect(settings, "thaman-tail"), CONNECT_S)
    except (NatsError, OSError, TimeoutError) as error:
        raise NotRunning(
            "NATS does not answer", f"{type(error).__name__} {error}", "Look at `thaman status`."
        ) from error


async def _subscribe(bus: Client, service: str, store_id: str | None, show: Show) -> None:
    async def take(message: Msg) -> None:
        with suppress(EnvelopeError):  # what is no event of ours is not shown
            show(from_headers(message.headers or {}), message.data)

    try:
        await bus.jetstream().subscribe(
            f"evt.{service}.*.store.{store_id or '*'}.*",
            stream=stream_of(service),
            cb=take,
            ordered_consumer=True,
            config=ConsumerConfig(deliver_policy=DeliverPolicy.NEW, inactive_threshold=FORGOTTEN_AFTER_S),
        )
    except NotFoundError as error:
        raise NotRunning(
            f"NATS has no stream {stream_of(service)}", "nothing was published there yet", "Start Thaman: `thaman up`."
        ) from error
