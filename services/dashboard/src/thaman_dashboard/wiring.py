"""The parts behind the pages, built on the container's. Only the api needs them, and the owners' key with them."""

from thaman_dashboard.adapters.owners import HttpOwners
from thaman_dashboard.application import PATIENCE
from thaman_dashboard.bootstrap import Container
from thaman_dashboard.desk import Desk, make_desk


def build_owners(container: Container) -> HttpOwners:
    """The owners' APIs; to be closed at the end.

    Raises:
        SettingsError: the settings have no key to call them with.
    """
    settings = container.settings
    return HttpOwners(
        settings.owners_key(),
        onboarding=settings.dashboard_onboarding_url,
        optimizer=settings.dashboard_optimizer_url,
        scheduler=settings.dashboard_scheduler_url,
    )


def build_desk(container: Container, owners: HttpOwners, patience: float = PATIENCE) -> Desk:
    """Everything the endpoints are given; ``patience`` as of :class:`~thaman_dashboard.application.Commands`."""
    return make_desk(
        container.settings.public_url, container.read_models, container.own, owners, container.clock, patience
    )
