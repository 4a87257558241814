"""The live read models of a store, to be held against those that `thaman replay` makes of its ledger."""

import json
from typing import Any

import psycopg
from psycopg import sql

UNTOLD: dict[tuple[str, str], tuple[str, ...]] = {
    ("onboarding", "stores"): ("version", "authorized_at", "updated_at"),
    ("onboarding", "system_settings"): ("updated_at",),
    ("onboarding", "items"): ("digest", "taxable", "write_version"),
    ("onboarding", "orders"): ("head_digest", "refunded", "observed_at", "provider_time"),
    ("audit", "price_history"): ("id",),
}
"""Columns that published events do not tell; the only ones that are not compared."""

REBUILT = {
    "onboarding": ("stores", "system_settings", "item_rules", "items", "orders"),
    "scheduler": ("installation", "schedules"),
    "optimizer": (
        *("stores", "system_settings", "items", "item_rules", "edits", "orders", "weeks", "links", "sources"),
        *("looks", "matches", "offers", "runs", "assessments", "proposals", "decisions", "undone", "policies"),
        "shadow_prices",
    ),
    "audit": ("stores", "runs", "prices", "price_history"),
}
"""The tables that have to be there, by service."""


def live_rows(live: psycopg.Connection, service: str, table: str, store_id: str) -> list[dict[str, Any]]:
    """The rows of a store, in the order of their text; of the installation where a table is of all stores."""
    place = sql.Identifier(service, table)
    rows = live.execute(sql.SQL("SELECT to_jsonb(t) FROM {} t").format(place)).fetchall()
    untold = UNTOLD.get((service, table), ())
    mine = [row for (row,) in rows if row.get("store_id", store_id) == store_id]
    return in_order({name: value for name, value in row.items() if name not in untold} for row in mine)


def in_order(rows: Any) -> list[dict[str, Any]]:
    """Rows by their text."""
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))
