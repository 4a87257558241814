"""The Merchant API (``/admin/v2``), as the real one answers."""
