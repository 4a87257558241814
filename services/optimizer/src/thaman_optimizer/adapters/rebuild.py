"""What is made again from nothing but events.

The memory of pages and searches is not: losing it costs traffic only.
"""

TABLES = (
    "stores",
    "system_settings",
    "items",
    "item_rules",
    "edits",
    "orders",
    "weeks",
    "links",
    "sources",
    "looks",
    "matches",
    "offers",
    "runs",
    "assessments",
    "proposals",
    "decisions",
    "undone",
    "policies",
    "shadow_prices",
    "api_keys",
)
"""The tables that events fill."""
