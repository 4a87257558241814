"""Proof packs: all that the record says of some products in some dates, and of everything else hashes alone.

Shown is what speaks of these products and of no other: a hash is over an event's bytes as a whole, so a part of an
event cannot be shown and still be proven. An event that names another product, too, stays a hash, and :class:`Pack`
names it. What a pack cannot prove it does not say: which dates were asked for, and that nothing else is on record.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from thaman_audit.domain.showing import is_of, items_of
from thaman_audit.errors import NothingToShow, NotSealedYet, UnknownStore
from thaman_audit.ledger_export import entry_fields
from thaman_audit.ports import Checkpoints, Histories, Tables
from thaman_audit.receipts import applied_entry, applied_of
from thaman_audit.sealed import Sealed, sealed_by
from thaman_audit.verify import Entry, micros
from thaman_contracts.envelope import encode
from thaman_contracts.events.onboarding import CatalogItemsRemoved, CatalogObserved
from thaman_contracts.events.optimizer import CompetitorLinksChanged, OffersObserved
from thaman_contracts.ids import item_key

FORMAT = "thaman-pack-1"
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
SHARED = tuple(
    kind.event_type() for kind in (CatalogObserved, CatalogItemsRemoved, CompetitorLinksChanged, OffersObserved)
)
"""Events that may speak of many products at once, which the ledger's index knows."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack's parts. ``left_out`` are entries that name other products, too; ``unsealed`` how many came too late."""

    sealed: Sealed
    shown: tuple[Entry, ...]
    left_out: tuple[Entry, ...]
    unsealed: int

    @property
    def items(self) -> list[str]:
        """The items that the shown entries speak of."""
        return sorted({key for entry in self.shown for key in items_of(entry.data) or ()})

    def lines(self) -> Iterator[bytes]:
        """The pack as JSON Lines, which ``docs/guides/verify_ledger.py`` verifies by itself."""
        instants = [micros(entry.occurred_at) for entry in self.shown]
        said = {"format": FORMAT, "items": self.items, "first_at": min(instants), "last_at": max(instants)}
        yield encode(self.sealed.fields | said) + b"\n"
        entries = {entry.seq: entry for entry in self.shown}
        places = sorted(seq - 1 for seq in entries)
        for place, count, digest in self.sealed.reader.gaps(places):
            yield encode(_line(entries.get(place + 1), place, count, digest)) + b"\n"


def pack_of(
    tables: Tables,
    checkpoints: Checkpoints,
    histories: Histories,
    store_id: str,
    items: Collection[str],
    first: datetime | None = None,
    end: datetime | None = None,
) -> Pack:
    """The pack of some items (``product``, with all its variants, or ``product/variant``) from an instant to before
    another, under the latest checkpoint.

    Raises:
        UnknownStore: the ledger has no entry of this store.
        NotSealedYet: no checkpoint proves any of it yet.
        NothingToShow: nothing that is sealed speaks of these items alone in this time.
        UnreadableCheckpoint, SpoiledLedger: what is stored is not what was sealed.
    """
    if tables.head(store_id) is None:
        raise UnknownStore(store_id)
    # Before the entries, so that whatever it seals is among them.
    covering = histories.last(store_id)
    known = _with_variants(tables, store_id, items)
    rows = tables.select(
        "about", store_id=store_id, items=known, keys=[f"{store_id} {key}" for key in known], shared=list(SHARED),
        first=first or FIRST, end=end or LAST,
    )  # fmt: skip
    return _pack(checkpoints, histories, covering, [Entry(**row) for row in rows], items)


def causes_of(tables: Tables, checkpoints: Checkpoints, histories: Histories, store_id: str, event_id: str) -> Pack:
    """The pack of an applied price with what led to it: proposal, guards, approval, decision, and each step of the
    write. Raises as :func:`pack_of`, and ``UnknownReceipt`` where no applied price has this event id.
    """
    entry = applied_entry(tables, store_id, event_id)
    applied = applied_of(entry)
    item = item_key(applied.product_id, applied.variant_id)
    covering = histories.last(store_id)
    rows = tables.select("of_decision", store_id=store_id, item=item, decision_id=applied.decision_id)
    return _pack(checkpoints, histories, covering, [Entry(**row) for row in rows], {item}, entry.seq)


def _pack(
    checkpoints: Checkpoints,
    histories: Histories,
    covering: tuple[int, int] | None,
    entries: Sequence[Entry],
    items: Collection[str],
    needed: int = 0,
) -> Pack:
    """A pack of a store's entries as far as a checkpoint covers them; ``needed`` is one that must be covered."""
    number, sealed_to = covering or (0, 0)
    sealed = [entry for entry in entries if entry.seq <= sealed_to]
    if covering is None or needed > sealed_to or (entries and not sealed):
        latest = checkpoints.latest()
        raise NotSealedYet("what was asked for", latest.statement.sealed_at if latest else None)
    shown = tuple(entry for entry in sealed if _may_be_shown(entry, items))
    if not shown:
        raise NothingToShow(f"nothing that is sealed speaks of {', '.join(sorted(items))} alone")
    left_out = tuple(entry for entry in sealed if not _may_be_shown(entry, items))
    under = sealed_by(checkpoints, histories, shown[0].store_id, number)
    return Pack(under, shown, left_out, len(entries) - len(sealed))


def _with_variants(tables: Tables, store_id: str, items: Collection[str]) -> list[str]:
    rows = tables.select("items_of_products", store_id=store_id, products=[key for key in items if "/" not in key])
    return sorted({*items, *(row["item"] for row in rows)})


def _may_be_shown(entry: Entry, items: Collection[str]) -> bool:
    named = items_of(entry.data) or set()
    return bool(named) and all(is_of(key, items) for key in named)


def _line(entry: Entry | None, place: int, count: int, digest: bytes | None) -> dict[str, Any]:
    if entry is not None:
        return entry_fields(entry)
    assert digest is not None
    return {"seq": place + 1, "entries": count, "digest": digest.hex()}
