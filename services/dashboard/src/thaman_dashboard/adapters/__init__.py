"""The outside world: PostgreSQL, and the owners of what is shown."""
