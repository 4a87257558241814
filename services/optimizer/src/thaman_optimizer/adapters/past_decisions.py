"""Reads what undo asks of the decisions."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from thaman_contracts.events.optimizer import OfferFitness, UndoScope
from thaman_kit.database import Database
from thaman_optimizer.adapters.sql import queries
from thaman_optimizer.domain.undo import Change
from thaman_optimizer.undo_ports import Meant, Wanted

_EVER = datetime(2000, 1, 1, tzinfo=UTC)
"""Before any decision."""


class DecisionTables:
    """A store's decisions, as they are reported now. Blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def meant(self, store_id: str, wanted: Wanted, now: datetime, limit: int) -> list[Meant]:
        """The decisions that ``wanted`` names, ``limit`` at most; those of its ``items`` alone, if it has any."""
        name, given = _question(wanted, now)
        rows = self._database.fetch_all(queries()[name], {"store_id": store_id, "limit": limit} | given)
        found = [Meant(row["decision_id"], row["item_key"], row["state"], row["settled_at"]) for row in rows]
        return [one for one in found if wanted.items is None or one.item_key in wanted.items]

    def changes(self, store_id: str, since: datetime, keys: Sequence[str]) -> Mapping[str, Sequence[Change]]:
        """All prices of the items ``keys`` that reached Salla from ``since`` on, by item, in their order."""
        found: dict[str, list[Change]] = defaultdict(list)
        given = {"store_id": store_id, "since": since, "keys": list(keys)}
        for row in self._database.fetch_all(queries()["applied_changes"], given):
            found[row["item_key"]].append(Change(row["decision_id"], row["old_base_price"], row["base_price"]))
        return found

    def of_undo(self, store_id: str, undo_id: UUID, limit: int) -> list[dict[str, Any]]:
        """The decisions of an undo (or a run), by item, as rows for views."""
        given = {"store_id": store_id, "run_id": undo_id, "limit": limit}
        return self._database.fetch_all(queries()["decisions_of_run"], given)


def _question(wanted: Wanted, now: datetime) -> tuple[str, dict[str, Any]]:
    time = {"since": wanted.since or _EVER, "until": wanted.until or now}
    match wanted.scope:
        case UndoScope.RUN:
            return "decisions_of_run", {"run_id": wanted.run_id}
        case UndoScope.AS_OF:
            return "decisions_since", {"since": wanted.at}
        case UndoScope.POLICY:
            return "decisions_under_policy", time | {"version": str(wanted.policy_version)}
        case UndoScope.OFFER:
            offer = [{"url": wanted.url, "fitness": OfferFitness.USABLE.value}]
            return "decisions_upon_offer", time | {"offer": json.dumps(offer)}
        case _:
            return "decisions_named", {"ids": list(wanted.decisions)}
