"""Which read models are made again, and what of them published events do not tell."""

from typing import Any

from thaman_cli.world.reading import Connection
from thaman_onboarding.application.published import UNKNOWN
from thaman_optimizer.adapters.rebuild import TABLES as OPTIMIZERS

TABLES: dict[str, tuple[str, ...]] = {
    "onboarding": ("stores", "system_settings", "item_rules", "items", "orders"),
    "scheduler": ("installation", "schedules"),
    "optimizer": tuple(table for table in OPTIMIZERS if table != "api_keys"),
    "audit": ("stores", "runs", "prices", "price_history"),
}
"""By service, the tables that are made again."""

LEFT_OUT: dict[str, dict[str, tuple[str, ...]]] = {"onboarding": UNKNOWN, "audit": {"price_history": ("id",)}}
"""By service and table, the columns that are not shown."""

OF_ALL = {"system_settings", "installation"}
"""Tables that speak of the whole installation."""

NOT_REBUILT = (
    {
        "service": "onboarding",
        "what": "stores.version and authorized_at; items.taxable, digest and write_version; orders.refunded,"
        " provider_time, head_digest and observed_at; updated_at",
        "why": "fields of stored events that are private, or of the making of the row: the ledger has what was told",
    },
    {
        "service": "onboarding",
        "what": "names of stores, tokens, logins, installs, webhooks, hints; what the writer and readers have in hand",
        "why": "secrets and work in hand, which no event carries",
    },
    {
        "service": "scheduler",
        "what": "jobs whose memory was set back after a wrong clock; the installation's own job (retention)",
        "why": "ScheduleReanchored and InstallationStarted are private events",
    },
    {
        "service": "optimizer",
        "what": "remembered pages and searches; a run's full inputs (store_inputs, inputs, brief)",
        "why": "caches, which are no events; private fields, which are in the optimizer's own log"
        " (`thaman replay --recompute` reads them)",
    },
    {"service": "audit", "what": "the index of events by item", "why": "it speaks of the ledger, not of the store"},
    {"service": "all", "what": "API keys, jobs, dead letters", "why": "they are no part of a store's state"},
)
"""What a rebuilt store lacks, in words."""


def rows_of(connection: Connection, service: str, table: str, store_id: str) -> list[dict[str, Any]]:
    """The rows of a store in a table, as JSON values and without what is not known, in an order of their own."""
    hidden = list(LEFT_OUT.get(service, {}).get(table, ()))
    mine = "true" if table in OF_ALL else "t.store_id = %(store_id)s"
    found = connection.execute(
        f"SELECT to_jsonb(t) - %(hidden)s::text[] AS row FROM {service}.{table} t WHERE {mine}"  # noqa: S608 - ours
        ' ORDER BY (to_jsonb(t) - %(hidden)s::text[])::text COLLATE "C"'.encode(),
        {"hidden": hidden, "store_id": store_id},
    )
    return [row["row"] for row in found]
