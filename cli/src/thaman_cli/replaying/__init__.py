"""``thaman replay``: a store as it was, and its decisions again, from what was recorded."""
