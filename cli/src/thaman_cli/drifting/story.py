"""What the ledger tells of each item's base price: the latest look, the latest write, the latest hand edit. Pure."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import EventData
from thaman_contracts.events.onboarding import (
    CatalogItemsRemoved,
    CatalogObserved,
    ManualEditDetected,
    ObservationSource,
    PriceApplied,
    PriceApplyFailed,
    PriceApplyUncertain,
    PriceDecisionStale,
    PriceWriteStarted,
    WriteEvent,
)
from thaman_contracts.ids import item_key


class WriteEnd(StrEnum):
    """How far a write has come, by its latest event."""

    STARTED = "started"
    UNCERTAIN = "uncertain"
    APPLIED = "applied"
    FAILED = "failed"
    STALE = "stale"

    @property
    def is_open(self) -> bool:
        """Whether its outcome is not known yet."""
        return self in (WriteEnd.STARTED, WriteEnd.UNCERTAIN)


_ENDS: dict[type[WriteEvent], WriteEnd] = {
    PriceWriteStarted: WriteEnd.STARTED,
    PriceApplyUncertain: WriteEnd.UNCERTAIN,
    PriceApplied: WriteEnd.APPLIED,
    PriceApplyFailed: WriteEnd.FAILED,
    PriceDecisionStale: WriteEnd.STALE,
}


@dataclass(frozen=True, slots=True)
class Fact:
    """An event that says something of an item's base price; ``seq`` is its place in the store's chain."""

    seq: int
    event_id: str
    event: str
    at: datetime
    price: int | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """The latest write of an item that began; prices are base prices. ``fact`` is its latest event."""

    decision_id: UUID
    old: int
    new: int
    end: WriteEnd
    reason: str | None
    fact: Fact


@dataclass(slots=True)
class Story:
    """What is on record of an item; ``look`` is the latest observation, ``own`` that it was our own read-back."""

    look: Fact | None = None
    is_own: bool = False
    write: Write | None = None
    edit: Fact | None = None
    last: int = 0

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The evidence, oldest first."""
        known = (self.look, self.edit, self.write.fact if self.write else None)
        return tuple(sorted((one for one in known if one is not None), key=lambda one: one.seq))


@dataclass
class Stories:
    """The stories of a store's items, by key; fed with its chain in order."""

    by_key: dict[str, Story] = field(default_factory=lambda: defaultdict(Story))

    def take(self, seq: int, envelope: Envelope, event: EventData) -> None:
        """Take in the entry at a place of the chain; those that say nothing of a base price are passed over."""
        match event:
            case CatalogObserved():
                for item in event.items:
                    story = self._at(item.key, seq)
                    story.look = _fact(seq, envelope, item.base_price, event.source.value)
                    story.is_own = event.source is ObservationSource.READ_BACK
            case CatalogItemsRemoved():
                for key in event.keys:
                    story = self._at(key, seq)
                    story.look, story.is_own = _fact(seq, envelope, None, "removed"), False
            case ManualEditDetected():
                key = item_key(event.product_id, event.variant_id)
                self._at(key, seq).edit = _fact(seq, envelope, event.found_base_price, event.found_by)
            case WriteEvent():
                self._write(seq, envelope, event)

    def of(self, key: str) -> Story:
        """An item's story; an empty one where nothing is on record."""
        return self.by_key.get(key) or Story()

    def _at(self, key: str, seq: int) -> Story:
        story = self.by_key[key]
        story.last = seq
        return story

    def _write(self, seq: int, envelope: Envelope, event: WriteEvent) -> None:
        key = item_key(event.product_id, event.variant_id)
        before = self.by_key[key].write if key in self.by_key else None
        is_same = before is not None and before.decision_id == event.decision_id
        reason = getattr(event, "reason", None)
        match event:
            case PriceWriteStarted():
                old, new = event.expected_base_price, event.target_base_price
            case PriceApplied():
                old, new = event.old_base_price, event.base_price
            case _ if before is not None and is_same:
                old, new = before.old, before.new
            case _:
                return  # stopped before it began: nothing was sent
        end = next(end for kind, end in _ENDS.items() if isinstance(event, kind))
        fact = _fact(seq, envelope, new, None if reason is None else str(reason))
        self._at(key, seq).write = Write(event.decision_id, old, new, end, fact.detail, fact)


def _fact(seq: int, envelope: Envelope, price: int | None, detail: str | None) -> Fact:
    return Fact(seq, envelope.event_id, envelope.event_name, envelope.time, price, detail)
