"""Rebuilds the read models of one service, as its operator would: ``rebuild_models.py SERVICE`` in its environment.

Every service offers a function for it; the optimizer's wants other services' messages, which their streams have.
"""

import asyncio
import sys
from collections.abc import Callable
from contextlib import closing

import nats
from nats.js.api import ConsumerConfig, DeliverPolicy

from thaman_contracts.envelope import Envelope, from_headers
from thaman_contracts.subjects import stream_of
from thaman_kit.key_projection import rebuild as rebuild_keys
from thaman_kit.process import load_settings
from thaman_kit.provisioning import READERS


def onboarding() -> None:
    """Stores, item rules, system settings, keys; items and orders."""
    from thaman_onboarding.application.rebuild import rebuild
    from thaman_onboarding.bootstrap import build_container
    from thaman_onboarding.observation.rebuild import rebuild as rebuild_observed
    from thaman_onboarding.settings import Settings

    with closing(build_container(load_settings(Settings))) as container:
        rebuild(container.app, container.clock)
        rebuild_observed(container.app)


def scheduler() -> None:
    """Schedules and what is due."""
    from thaman_scheduler.bootstrap import build
    from thaman_scheduler.settings import SchedulerSettings

    settings = load_settings(SchedulerSettings)
    with closing(build(settings)) as container:
        container.scheduler.rebuild()
        rebuild_keys(container.application, _stream_of_onboarding(settings.nats_servers[0]))


def optimizer() -> None:
    """Everything that the optimizer knows."""
    from thaman_optimizer.adapters.rebuild import rebuild
    from thaman_optimizer.bootstrap import build
    from thaman_optimizer.consumers import router
    from thaman_optimizer.settings import OptimizerSettings

    settings = load_settings(OptimizerSettings)
    upstream = [
        message
        for service in READERS["optimizer"]
        for message in asyncio.run(_stream(service, settings.nats_servers[0]))
    ]
    with closing(build(settings)) as container:
        rebuild(container.application, router, upstream)


def audit() -> None:
    """What is made from the ledger."""
    from thaman_audit.bootstrap import build
    from thaman_audit.settings import AuditSettings
    from thaman_audit.testing import made_again

    settings = load_settings(AuditSettings)
    with closing(build(settings)) as container:
        made_again(container)
        rebuild_keys(container.application, _stream_of_onboarding(settings.nats_servers[0]))


def _stream_of_onboarding(server: str) -> list[tuple[Envelope, bytes]]:
    return asyncio.run(_stream("onboarding", server))


async def _stream(service: str, server: str) -> list[tuple[Envelope, bytes]]:
    """Everything in a service's stream."""
    bus = await nats.connect(server)
    try:
        js, name = bus.jetstream(), stream_of(service)
        total = (await js.stream_info(name)).state.messages
        config = ConsumerConfig(deliver_policy=DeliverPolicy.ALL)
        subscription = await js.subscribe("", stream=name, ordered_consumer=True, config=config)
        found = [await subscription.next_msg(timeout=20) for _ in range(total)]
        return [(from_headers(message.headers or {}), message.data) for message in found]
    finally:
        await bus.close()


REBUILDERS: dict[str, Callable[[], None]] = {
    "onboarding": onboarding,
    "scheduler": scheduler,
    "optimizer": optimizer,
    "audit": audit,
}

if __name__ == "__main__":
    REBUILDERS[sys.argv[1]]()
