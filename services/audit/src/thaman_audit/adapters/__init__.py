"""The outside world: PostgreSQL."""
