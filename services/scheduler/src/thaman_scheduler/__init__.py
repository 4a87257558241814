"""The scheduler: each store's Schedule, and the clock."""
