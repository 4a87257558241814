"""The store, the token vault, and the only door to Salla."""
