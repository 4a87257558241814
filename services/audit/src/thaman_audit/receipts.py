"""Receipts: an applied price with what proves it, in one line of JSON that a stranger can verify."""

import json
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field

from thaman_audit.errors import NotSealedYet, SpoiledLedger, UnknownItem, UnknownReceipt
from thaman_audit.ledger_export import entry_fields
from thaman_audit.paging import LAST, place_of
from thaman_audit.ports import Checkpoints, Histories, Tables
from thaman_audit.sealed import sealed_by
from thaman_audit.verify import Entry, micros
from thaman_contracts.envelope import encode
from thaman_contracts.events import UtcDatetime
from thaman_contracts.events.onboarding import PriceApplied
from thaman_contracts.ids import item_key
from thaman_kit.cursors import seal

FORMAT = "thaman-receipt-1"


class ReceiptLine(BaseModel):
    """An applied price, and whether a receipt of it can be had."""

    event_id: str
    seq: int = Field(description="Its place in the store's chain.")
    applied_at: UtcDatetime
    old_base_price: int = Field(description="Halalas.")
    base_price: int = Field(description="Halalas.")
    shelf_price: int = Field(description="Halalas.")
    checkpoint: int | None = Field(description="The checkpoint that proves it; null until one is sealed.")


@dataclass(frozen=True, slots=True)
class Receipts:
    """Makes receipts from the ledger at any time; they are stored nowhere."""

    tables: Tables
    checkpoints: Checkpoints
    histories: Histories

    def page(self, store_id: str, item: str, cursor: str | None, limit: int) -> tuple[list[ReceiptLine], str | None]:
        """An item's applied prices, newest first.

        Raises:
            UnknownItem: the ledger has no price of this item.
            BadCursor: the cursor is none.
        """
        before = place_of("receipts", cursor)
        name = PriceApplied.event_name()
        rows = self.tables.select("applied", store_id=store_id, item=item, name=name, before=before, limit=limit + 1)
        if not rows and not self.tables.select("price_history", store_id=store_id, item=item, before=LAST, limit=1):
            raise UnknownItem(f"{store_id} {item}")
        page = rows[:limit]
        lines = [_line(Entry(**row), number) for row in page for number in [row.pop("number")]]
        return lines, seal("receipts", page[-1]["seq"]) if len(rows) > limit else None

    def receipt(self, store_id: str, event_id: str, item: str | None = None) -> bytes:
        """The receipt of an applied price, of any item of the store or of one, in canonical JSON with a line's end.

        It is the first checkpoint over the entry that proves it, so a price has one receipt for ever.

        Raises:
            UnknownReceipt: no applied price of this store, or of this item, has this event id.
            NotSealedYet: the next checkpoint will prove it.
            UnreadableCheckpoint, SpoiledLedger: what is stored is not what was sealed.
        """
        entry, applied = self.entry(store_id, event_id, item)
        covering = self.histories.covering(store_id, entry.seq)
        if covering is None:
            latest = self.checkpoints.latest()
            raise NotSealedYet(f"entry {entry.seq} of store {store_id}", latest.statement.sealed_at if latest else None)
        sealed = sealed_by(self.checkpoints, self.histories, store_id, covering[0])
        return (
            encode(
                sealed.fields
                | _said(applied)
                | {
                    "format": FORMAT,
                    "entry": entry_fields(entry),
                    "path": [sibling.hex() for sibling in sealed.reader.path(entry.seq - 1)],
                }
            )
            + b"\n"
        )

    def entry(self, store_id: str, event_id: str, item: str | None = None) -> tuple[Entry, PriceApplied]:
        """An applied price's entry and event; ``UnknownReceipt`` where there is none of this store and item."""
        entry = applied_entry(self.tables, store_id, event_id)
        applied = applied_of(entry)
        if item is not None and item_key(applied.product_id, applied.variant_id) != item:
            raise UnknownReceipt(event_id)
        return entry, applied


def applied_entry(tables: Tables, store_id: str, event_id: str) -> Entry:
    """A store's entry of an applied price; ``UnknownReceipt`` where no such price has this event id."""
    kind = PriceApplied.event_type()
    rows = tables.select("applied_event", store_id=store_id, service=PriceApplied.service, event_id=event_id, type=kind)
    if not rows:
        raise UnknownReceipt(event_id)
    return Entry(**rows[0])


def _line(entry: Entry, checkpoint: int | None) -> ReceiptLine:
    applied = applied_of(entry)
    return ReceiptLine(
        event_id=entry.event_id,
        seq=entry.seq,
        applied_at=applied.occurred_at,
        old_base_price=applied.old_base_price,
        base_price=applied.base_price,
        shelf_price=applied.shelf_price,
        checkpoint=checkpoint,
    )


def applied_of(entry: Entry) -> PriceApplied:
    """What an entry says of an applied price; ``SpoiledLedger`` where it says none, or of another store."""
    try:
        applied = PriceApplied.model_validate_json(entry.data)
    except ValueError as error:
        raise SpoiledLedger(f"entry {entry.seq} of store {entry.store_id} is not the event that it says") from error
    if applied.store_id != entry.store_id:
        raise SpoiledLedger(f"entry {entry.seq} of store {entry.store_id} speaks of another store")
    return applied


def _said(applied: PriceApplied) -> dict[str, Any]:
    """What the receipt says in front; the verifier holds it against the entry's own bytes."""
    return {
        "item": item_key(applied.product_id, applied.variant_id),
        "old_base_price": applied.old_base_price,
        "base_price": applied.base_price,
        "shelf_price": applied.shelf_price,
        "applied_at": micros(applied.occurred_at),
    }


def summary(receipt: bytes) -> dict[str, Any]:
    """What a receipt says, without its proof."""
    said = json.loads(receipt)
    shown: dict[str, Any] = {name: said[name] for name in ("store_id", "item", "base_price", "shelf_price")}
    return shown | {"event_id": said["entry"]["event_id"], "checkpoint": said["checkpoint"]["number"]}
