"""The services' own database roles in tests: with their own rights only, on any server."""

from urllib.parse import urlsplit

PASSWORD = "only-for-tests"
"""What the roles are given when their schema is migrated."""


def app_role(admin_url: str, service: str = "onboarding") -> str:
    """The same database through the role of ``service``."""
    parts = urlsplit(admin_url)
    return parts._replace(netloc=f"{service}_app:{PASSWORD}@{parts.netloc.rpartition('@')[2]}").geturl()
