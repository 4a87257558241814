"""A store as its read models show it at an instant: the parts that people ask for, out of all rows."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from thaman_cli.replaying.tables import TABLES, rows_of
from thaman_cli.world.reading import Connection
from thaman_contracts.events.settings import SystemSettings
from thaman_onboarding.domain.store import is_entitled
from thaman_scheduler.domain.jobs import Rules
from thaman_scheduler.views import ScheduleView, schedule_view

Rows = Mapping[str, Mapping[str, list[dict[str, Any]]]]
"""The rows of a store by service and table."""

OPEN = ("decided", "writing", "uncertain")
"""States of a decided price whose outcome is not known."""

_RIYADH = ZoneInfo("Asia/Riyadh")
_STORE = ("name", "domain", "plan", "via", "currency", "prices_include_vat", "vat_bp", "connected", "installed")
_WHY = ("needs_reauthorization", "reauthorization_detail", "paused", "pause_reason", "fence", "settings_version")
_ITEM = ("item_key", "name", "status", "base_price", "shelf_price", "sale_price", "cost", "stock")
_WAITING = ("proposal_id", "item_key", "risk", "proposed_at", "expires_at")
_DECIDED = (
    "decision_id",
    "item_key",
    "state",
    "decided_at",
    "decided_by",
    "old_base_price",
    "base_price",
    "shelf_price",
)
_SETTLED = ("reason", "settled_at")


def read_models(connection: Connection, store_id: str) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Everything that is made again of a store."""
    return {
        service: {table: rows_of(connection, service, table, store_id) for table in tables}
        for service, tables in TABLES.items()
    }


def state_of(rows: Rows, schedule: ScheduleView | None, at: datetime) -> dict[str, Any]:
    """The store at ``at``; ``store`` is null where it was not connected yet. Amounts are halalas."""
    onboarding, optimizer = rows["onboarding"], rows["optimizer"]
    decisions = sorted(optimizer["decisions"], key=lambda row: (row["item_key"], row["decided_at"] or ""))
    waiting = [row for row in optimizer["proposals"] if row["state"] == "pending"]
    items = sorted(optimizer["items"], key=lambda row: row["item_key"])
    return {
        "store": _store(onboarding["stores"][0], onboarding["system_settings"], at) if onboarding["stores"] else None,
        "schedule": schedule.model_dump(mode="json") if schedule else None,
        "items": [_pick(row, *_ITEM) for row in items if not row["has_variants"]],
        "waiting": [_proposal(row) for row in sorted(waiting, key=lambda row: (row["item_key"], row["proposed_at"]))],
        "decided": {
            "by_state": dict(sorted(Counter(row["state"] for row in decisions).items())),
            "open": [_pick(row, *_DECIDED, *_SETTLED) for row in decisions if row["state"] in OPEN],
        },
        "runs": dict(sorted(Counter(row["state"] for row in optimizer["runs"]).items())),
    }


def schedule_of(connection: Connection, store_id: str, at: datetime) -> ScheduleView | None:
    """The store's schedule, with the slots that were to come; ``None`` where it had none yet."""
    wanted = {"store_id": store_id}
    row = connection.execute(_SCHEDULE, wanted).fetchone()
    if row is None:
        return None
    installation = connection.execute("SELECT settings FROM scheduler.installation").fetchone()
    system = SystemSettings.model_validate(installation["settings"]) if installation else SystemSettings()
    jobs = connection.execute(_JOBS, wanted).fetchall()
    return schedule_view(row, jobs, Rules().under(system), at)


_SCHEDULE = "SELECT * FROM scheduler.schedules WHERE store_id = %(store_id)s"
_JOBS = "SELECT store_id, job, after, active FROM scheduler.due WHERE store_id = %(store_id)s ORDER BY rank"


def _store(row: Mapping[str, Any], system: list[dict[str, Any]], at: datetime) -> dict[str, Any]:
    ends_on = row["entitlement_ends_on"]
    day = at.astimezone(_RIYADH).date()
    known = is_entitled(row["entitlement_status"], datetime.fromisoformat(ends_on).date() if ends_on else None, day)
    entitlement = {"status": row["entitlement_status"], "ends_on": ends_on, "covers_the_day": known}
    stopped = bool(system) and bool(system[0]["settings"]["stopped"])
    told = _pick(row, *_STORE, *_WHY)
    return told | {"everywhere_stopped": stopped, "entitlement": entitlement, "settings": row["settings"]}


def _proposal(row: Mapping[str, Any]) -> dict[str, Any]:
    said = row["document"]
    return _pick(row, *_WAITING) | _pick(said, "old_shelf_price", "new_shelf_price")


def _pick(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}
