"""Sheets in and out: read and shown first, carried out in batches once somebody said yes."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from thaman_contracts.events.settings import ItemRule
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.product_commands import no_rule
from thaman_dashboard.product_ports import ProductOwners
from thaman_dashboard.product_sheet import read_sheet
from thaman_dashboard.product_sheet_ports import Files, Sheets, StoredSheet
from thaman_dashboard.views import SessionView
from thaman_kit.clock import Clock

KEPT = timedelta(days=1)
BATCH = 500
"""Rules that are sent to their owner at once; it takes 1,000."""


@dataclass(frozen=True, slots=True)
class ProductSheets:
    """What a session does with sheets; only the session that brought one in may confirm it."""

    files: Files
    tables: Sheets
    owners: ProductOwners
    clock: Clock

    def file(self, session: SessionView, kind: str, language: str) -> bytes:
        """The store's items as a ``csv`` or ``xlsx`` file."""
        items = self.tables.items(session.store_id)
        return self.files.xlsx(items, language) if kind == "xlsx" else self.files.csv(items, language)

    def bring(self, session: SessionView, body: bytes) -> UUID:
        """Read a file and keep what it would change; nothing is changed.

        Raises:
            NotAllowed: the role does not permit it.
            SheetUnreadable: it is no sheet.
        """
        require(session.role, Deed.LIMITS)
        known = {item.item_key: item for item in self.tables.items(session.store_id)}
        reading = read_sheet(self.files.read(body), known)
        sheet = StoredSheet(uuid4(), session.hash, self.clock.now(), asdict(reading) | {"done": None})
        self._keep(session, sheet)
        return sheet.sheet_id

    def find(self, session: SessionView, sheet_id: UUID) -> StoredSheet | None:
        """A sheet that this session brought in."""
        found = self.tables.sheet(session.store_id, sheet_id)
        return found if found is not None and found.session_hash == session.hash else None

    def apply(self, session: SessionView, sheet_id: UUID) -> bool:
        """Carry out what a sheet would change, once; whether there was one. Asked again, it goes on where it was: what
        is so already is not written anew.

        Raises:
            NotAllowed: the role does not permit it.
            OwnerError: the owner refused, is away, or nobody knows; batches before were carried out.
        """
        require(session.role, Deed.LIMITS)
        sheet = self.find(session, sheet_id)
        if sheet is None:
            return False
        if sheet.document["done"] is None:
            rules = list(self._rules(session, sheet.document["changes"]))
            for first in range(0, len(rules), BATCH):
                self.owners.set_rules(session.store_id, rules[first : first + BATCH])
            done = {"changed": len(rules), "already": len(sheet.document["changes"]) - len(rules)}
            self._keep(session, replace(sheet, document=sheet.document | {"done": done}))
        return True

    def _rules(self, session: SessionView, changes: list[Mapping[str, Any]]) -> Iterator[ItemRule]:
        """The rules that are not yet as the sheet says, each with the rest of what it said before."""
        in_force = self.owners.rules(session.store_id)
        for change in changes:
            key = change["item_key"]
            before = in_force.get(key) or no_rule(key)
            rule = before.model_copy(update=dict(change["after"]))
            if rule != before:
                yield rule

    def _keep(self, session: SessionView, sheet: StoredSheet) -> None:
        self.tables.keep(session.store_id, sheet, self.clock.now() - KEPT)
