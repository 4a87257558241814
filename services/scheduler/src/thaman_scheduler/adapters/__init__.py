"""The outside world: PostgreSQL and its clock."""
