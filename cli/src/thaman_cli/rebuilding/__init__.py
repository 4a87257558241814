"""``thaman rebuild``: live read models made again from the recorded history, beside those that are read."""
