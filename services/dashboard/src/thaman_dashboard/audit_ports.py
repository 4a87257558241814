"""What the audit's pages ask: of the audit what is proven, of the optimizer what can be put back, of our tables lines.

Questions to owners may raise :class:`~thaman_dashboard.owner_ports.OwnerRefused`,
:class:`~thaman_dashboard.owner_ports.OwnerAway` or :class:`~thaman_dashboard.owner_ports.OwnerUnsure`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from thaman_dashboard.inquiry_ports import Tell
from thaman_dashboard.views import ActivityView, Page


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """How long a store's chain is, and the hash of its last entry."""

    entries: int
    hash: str


@dataclass(frozen=True, slots=True)
class Walk:
    """The outcome of a walk along a chain: entries found good, and where and how it broke first."""

    ok: bool
    entries: int
    broken_at: int | None
    reason: str | None
    took_ms: int


@dataclass(frozen=True, slots=True)
class Seal:
    """A signed checkpoint of all chains."""

    number: int
    sealed_at: datetime
    stores: int
    entries: int
    digest: str
    key_id: str


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signed checkpoints; ``public_key`` is base64."""

    key_id: str
    public_key: str
    since: datetime
    last_number: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says in front of its proof, and the ``file`` as it is downloaded; prices are halalas."""

    file: bytes
    item_key: str
    old_base_price: int
    base_price: int
    shelf_price: int
    applied_at: datetime
    seq: int
    event_id: str
    hash: str
    checkpoint: int
    sealed_at: datetime
    key_id: str
    decision_id: UUID | None


@dataclass(frozen=True, slots=True)
class AppliedPrice:
    """A price that was written and read back, of which a receipt can be asked; the shelf price in halalas."""

    store_id: str
    item_key: str
    item_name: str | None
    currency: str | None
    event_id: str
    at: datetime
    shelf_price: int | None
    decision_id: UUID | None


class Records(Protocol):
    """The audit's API."""

    def chain(self, store_id: str) -> ChainEnd | None:
        """The end of a store's chain; ``None`` where the audit has none or does not answer at once."""

    def walk(self, store_id: str, tell: Tell) -> Walk:
        """Walk the whole chain; ``tell`` hears how far it is."""

    def latest_seal(self) -> Seal | None:
        """The latest checkpoint; ``None`` where none was sealed or the audit does not answer at once."""

    def seals(self, after: str | None, limit: int) -> Page[Seal]:
        """All checkpoints, newest first; ``after`` is the cursor of the page before."""

    def keys(self) -> tuple[PublicKey, ...]:
        """The public keys, oldest first; the last one signs now."""

    def receipt(self, store_id: str, item_key: str, event_id: str) -> Receipt | None:
        """The receipt of an applied price; ``None`` until a checkpoint proves it."""

    def causes(self, store_id: str, item_key: str, event_id: str) -> bytes:
        """The proof pack of what led to a price, as it is downloaded; refused until a checkpoint proves it."""

    def ledger(self, store_id: str) -> AbstractContextManager[Iterator[bytes]]:
        """The store's whole ledger as JSON Lines, piece by piece."""

    def lowest_price(self, store_id: str, item_key: str) -> Mapping[str, Any]:
        """The lowest price of the last 30 days, as the audit answers."""

    def licences(self, store_id: str) -> Mapping[str, Any]:
        """Licences and sale prices, as the audit answers."""


@dataclass(frozen=True, slots=True)
class UndoWish:
    """What is to be undone: prices since an instant, of a run (or an earlier undo), or of a policy's version."""

    scope: Literal["as_of", "run", "policy"]
    at: datetime | None = None
    run_id: UUID | None = None
    policy_version: int | None = None


@dataclass(frozen=True, slots=True)
class UndoItem:
    """What an undo does to one item: restore a price, or leave it for a reason. Shelf prices in halalas."""

    item_key: str
    name: str | None
    restores: bool
    from_price: int | None
    to_price: int | None
    reason_ar: str | None
    reason_en: str | None


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """An undo as it would be carried out now; ``digest`` names exactly this."""

    digest: str
    items: tuple[UndoItem, ...]

    @property
    def restored(self) -> tuple[UndoItem, ...]:
        """Those that get an earlier price back."""
        return tuple(one for one in self.items if one.restores)

    @property
    def left(self) -> tuple[UndoItem, ...]:
        """Those that keep their price."""
        return tuple(one for one in self.items if not one.restores)


@dataclass(frozen=True, slots=True)
class UndoDecision:
    """A decision of an undo and what became of it; the shelf price in halalas."""

    decision_id: UUID
    item_key: str
    state: str
    shelf_price: int | None
    settled_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Undone:
    """An undo that was asked for."""

    undo_id: UUID
    decisions: tuple[UndoDecision, ...]


class Undos(Protocol):
    """The optimizer's undo."""

    def preview(self, store_id: str, wish: UndoWish) -> UndoPlan:
        """What an undo would do now; nothing is changed."""

    def undo(self, store_id: str, wish: UndoWish, shown_digest: str, key: str) -> Undone:
        """Carry out what was shown; the same ``key`` is the same undo."""

    def look_up(self, store_id: str, undo_id: UUID) -> Undone:
        """An undo and its decisions."""


@dataclass(frozen=True, slots=True)
class TimelineWish:
    """Which lines of the timeline; what is ``None`` filters nothing. ``until`` is the first instant too late."""

    kind: str | None = None
    item: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class AuditRows(Protocol):
    """Our own tables, as the audit's pages read them. Raises :class:`~thaman_kit.errors.BadCursor`."""

    def timeline(self, store_id: str, wish: TimelineWish, after: str | None, limit: int) -> Page[ActivityView]:
        """Lines, newest first."""

    def kinds(self, store_id: str) -> tuple[str, ...]:
        """The kinds that there are lines of, by name."""

    def applied(self, store_id: str, item: str | None, after: str | None, limit: int) -> Page[AppliedPrice]:
        """Prices that were written and read back, newest first."""

    def applied_one(self, store_id: str, event_id: str) -> AppliedPrice | None:
        """One of them, by its event."""

    def names(self, store_id: str, keys: Sequence[str]) -> Mapping[str, str | None]:
        """What items are called, by their keys."""


@dataclass(frozen=True, slots=True)
class AuditDesk:
    """What is behind the audit's pages."""

    records: Records
    undos: Undos
    rows: AuditRows
