"""Which tables of a service events make, what of them events do not tell, and why the others are not made again."""

from thaman_dashboard.adapters.projection import TABLES as DASHBOARDS
from thaman_kit.swapping import Placed, Table
from thaman_optimizer.adapters.rebuild import TABLES as OPTIMIZERS

KEYS = Table("api_keys", secret=("key_hash",), shared=True)
"""Every service's copy of the API keys; secrets are not in it, but hashes need not be shown either."""

REBUILT: dict[str, tuple[Table, ...]] = {
    "onboarding": (
        Table("stores", kept=("updated_at",)),
        Table("item_rules"),
        Table("system_settings", kept=("updated_at",)),
        Table("items", kept=("write_version",)),
        Table("orders", kept=("head_digest", "refunded", "observed_at", "provider_time")),
        KEYS,
    ),
    "scheduler": (
        Table("installation"),
        Table("schedules"),
        # When to look next is found with the next tick, from what is remembered.
        Table("due", kept=("claim", "claimed_until", "patience"), unasked=("fires_at",)),
        KEYS,
    ),
    "optimizer": tuple(KEYS if name == "api_keys" else Table(name) for name in OPTIMIZERS),
    "audit": (
        Table("stores"),
        Table("runs"),
        Table("item_events"),
        Table("prices"),
        Table(
            "price_history",
            key=("store_id", "item", "service", "event_id"),
            placed=Placed(("store_id", "item"), "id"),
        ),
        KEYS,
    ),
    "dashboard": (*(Table(name) for name in DASHBOARDS), KEYS),
}
"""By service, the tables that events make."""

_HAND = "it is work in hand, which no event carries; who does the work fills it"
_SECRET = "it holds secrets, and no event carries one; the merchant connects the store again"  # noqa: S105 - words
_CACHE = "it remembers pages so as not to fetch them again; emptying it costs traffic only"
_OWN = "it is what the dashboard itself knows, and no event carries it; "
_LEDGER = "it is the record itself, from which the others are made; `thaman audit verify` proves it"
_COMMON = {
    "jobs": _HAND,
    "jobs_archive": "jobs are no events; what they did is on record, how often they were tried is not",
    "dead_letters": "it holds what could not be handled; see `thaman dead-letters`",
    "parked_stores": "it says who waits behind a dead letter; see `thaman dead-letters`",
    "migrations": "it says which layout the tables have; see `thaman migrate`",
}

REFUSED: dict[str, dict[str, str]] = {
    "onboarding": {
        "tokens": _SECRET,
        "oauth_states": _SECRET,
        "installs": _SECRET,
        "store_keys": "it holds the only copies of the stores' data keys; without one, what it sealed is lost for good",
        "store_profiles": "it holds what may name a person, sealed; no event has it, and Salla tells it again",
        "forgettings": _HAND,
        "vault_upgrade": _HAND,
        "webhook_inbox": "it holds what Salla sent, sealed; what came of it is on record",
        "product_hints": _HAND,
        "decisions": _HAND,
        "order_sweeps": _HAND,
        "unreadable_items": "it holds what Salla answered and could not be read; the next sweep tells it again",
        "call_blocks": _HAND,
        "breaker_signals": "it is what a breaker saw since the store was resumed; sightings to come fill it",
        "breaker_sweeps": "it is when a store was swept since its window began anew; the next sweep fills it",
    },
    "scheduler": {},
    "optimizer": {"pages": _CACHE, "source_pages": _CACHE, "searches": _CACHE},
    "audit": {
        "ledger": _LEDGER,
        "heads": _LEDGER,
        "checkpoint_heads": _LEDGER,
        "checkpoint_histories": _LEDGER,
        "history_nodes": _LEDGER,
        "archives": _LEDGER,
        "archive_readings": "it says which files were read back; `thaman audit archive` reads them again",
    },
    "dashboard": {
        "login_links": _OWN + "a new link takes the place of a lost one",
        "sessions": _OWN + "people sign in again",
        "people": _OWN + "a new link or invitation makes a person anew",
        "memberships": _OWN + "a new link or invitation lets a person in anew",
        "invitations": _OWN + "an owner makes a new one",
        "notification_wishes": _OWN + "people choose anew what they want to hear of",
        "barred": _OWN + "an owner removes somebody anew",
        "operator_links": _OWN + "a new link takes the place of a lost one",
        "operator_sessions": _OWN + "operators sign in again",
        "operator_log": _OWN + "what became of it is on record with the services",
        "answers": _OWN + "who approved and rejected is on record with the optimizer",
        "sheets": _OWN + "a merchant brings a sheet in again",
        "inquiries": _OWN + "whoever wants the answer asks again",
        "pulse": _OWN + "the worker notes it every few seconds",
    },
}
"""By service, tables that are not made again, and why."""


def why_not(service: str, table: str) -> str | None:
    """Why a table is not made again; ``None`` where nothing is known of it."""
    if table in (f"{service}_events", f"{service}_tracking"):
        return "it is the record itself, from which the others are made"
    return REFUSED[service].get(table) or _COMMON.get(table)


def untold(tables: tuple[Table, ...]) -> dict[str, list[str]]:
    """By table, the columns that events do not tell."""
    return {table.name: list(table.kept) for table in tables if table.kept}
