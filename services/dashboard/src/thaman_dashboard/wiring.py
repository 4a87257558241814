"""The parts behind the pages, built on the container's. Only the api needs them, and the owners' key with them."""

from thaman_dashboard.adapters.owners import HttpOwners
from thaman_dashboard.adapters.owners_http import OwnersHttp
from thaman_dashboard.application import PATIENCE
from thaman_dashboard.bootstrap import Container
from thaman_dashboard.desk import Desk, make_desk


def build_owners(container: Container) -> OwnersHttp:
    """The way to the owners' APIs; to be closed at the end.

    Raises:
        SettingsError: the settings have no key to call them with.
    """
    settings = container.settings
    addresses = {
        "onboarding": settings.dashboard_onboarding_url,
        "scheduler": settings.dashboard_scheduler_url,
        "optimizer": settings.dashboard_optimizer_url,
        "audit": settings.dashboard_audit_url,
    }
    return OwnersHttp(settings.owners_key(), addresses)


def build_desk(container: Container, http: OwnersHttp, patience: float = PATIENCE) -> Desk:
    """Everything the endpoints are given; ``patience`` as of :class:`~thaman_dashboard.application.Commands`."""
    owners = HttpOwners(http)
    return make_desk(
        container.settings.public_url, container.read_models, container.own, owners, container.clock, patience
    )
