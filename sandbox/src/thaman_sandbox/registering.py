"""Turning an app's configuration into the registered app."""

from thaman_sandbox.config import AppConfig
from thaman_sandbox.models import App


def app_from(config: AppConfig) -> App:
    """The app as the portal would keep it; absent scopes mean the usual ones."""
    values = config.model_dump(exclude_none=True)
    return App(**values)
