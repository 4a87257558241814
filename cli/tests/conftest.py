"""Real servers for the command's tests."""

from thaman_kit.testing import database_url, postgres_server

__all__ = ["database_url", "postgres_server"]
