"""A service's event store and router, built in this process as its worker builds them, to handle dead letters again."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from thaman_cli.plan import Addresses, Plan
from thaman_cli.state import Home
from thaman_kit.application import EventSourcedApplication
from thaman_kit.routing import Router


@dataclass(frozen=True)
class Parts:
    """What handling needs; close it at the end."""

    application: EventSourcedApplication
    router: Router
    close: Callable[[], None]


def parts_of(service: str, home: Home) -> Parts:
    """The parts of a service of the running installation, or of the one that the environment describes."""
    if (running := home.running()) is not None:
        sandbox = running.urls.get("sandbox")
        plan = Plan(
            home=home,
            secrets=home.load_secrets(),
            addresses=Addresses(running.urls, {}, sandbox),
            database_url=running.database_url,
            nats_url=running.nats_url,
            salla_url=sandbox,
            log_level="warning",
            extra_env={},
        )
        os.environ.update(plan.service_env(service))
    return _BUILDERS[service]()


# Each service's packages are imported only when it is asked for.
def _onboarding() -> Parts:
    from thaman_onboarding.bootstrap import build_container
    from thaman_onboarding.consumers import router
    from thaman_onboarding.settings import Settings

    container = build_container(Settings.load())
    return Parts(container.app, router, container.close)


def _scheduler() -> Parts:
    from thaman_scheduler.bootstrap import build
    from thaman_scheduler.settings import SchedulerSettings

    container = build(SchedulerSettings.load())
    return Parts(container.application, container.router, container.close)


def _optimizer() -> Parts:
    from thaman_optimizer.bootstrap import build
    from thaman_optimizer.consumers import router
    from thaman_optimizer.settings import OptimizerSettings

    container = build(OptimizerSettings.load())
    return Parts(container.application, router, container.close)


def _audit() -> Parts:
    from thaman_audit.bootstrap import build
    from thaman_audit.settings import AuditSettings

    container = build(AuditSettings.load())
    return Parts(container.application, container.router, container.close)


def _dashboard() -> Parts:
    from thaman_dashboard.bootstrap import build
    from thaman_dashboard.settings import DashboardSettings

    container = build(DashboardSettings.load())
    return Parts(container.application, container.router, container.close)


_BUILDERS: dict[str, Callable[[], Parts]] = {
    "onboarding": _onboarding,
    "scheduler": _scheduler,
    "optimizer": _optimizer,
    "audit": _audit,
    "dashboard": _dashboard,
}
