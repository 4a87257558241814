"""Real servers for the command's tests."""

from thaman_kit.testing import database_url, own_nats, postgres_server

__all__ = ["database_url", "own_nats", "postgres_server"]
