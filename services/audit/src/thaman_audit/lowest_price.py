"""The lowest price of the last days at any instant, with the entry that proves it, and what the record leaves open."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from thaman_audit.domain.handover.record import Recorded, recorded
from thaman_audit.domain.lowest import Lowest, Said, Span, Statement, lowest
from thaman_audit.domain.lowest_answer import LowestPrice, ProvenBy, Unknown
from thaman_audit.domain.lowest_words import told_ar, told_en
from thaman_audit.domain.why.narrow import about
from thaman_audit.errors import FutureInstant, PricedByVariants, UnknownItem
from thaman_audit.ports import Tables
from thaman_audit.verify import Entry
from thaman_contracts.events.onboarding import CatalogItemsRemoved, CatalogObserved, ManualEditDetected, PriceApplied

DAYS = 30
"""What the law of the European Union asks for; nothing hangs on it but the default."""

ROWS = 20
_KINDS = (CatalogObserved, CatalogItemsRemoved, ManualEditDetected, PriceApplied)


def lowest_price(
    tables: Tables, store_id: str, item: str, at: datetime, now: datetime, days: int = DAYS
) -> LowestPrice:
    """The lowest price of an item on the shelf in so many days before an instant, with words in Arabic and in English.

    Raises:
        FutureInstant: ``at`` is later than ``now``.
        UnknownItem: the ledger has no price of this item.
        PricedByVariants: it has none, but it has prices of the product's variants.
        SpoiledLedger: an entry is not what it should be.
    """
    if at > now:
        raise FutureInstant(f"{at.isoformat()} has not come yet")
    start = at - timedelta(days=days)
    rows = tables.select(
        "stated", store_id=store_id, item=item, start=start, at=at,
        types=[kind.event_type() for kind in _KINDS], names=[kind.event_name() for kind in _KINDS],
    )  # fmt: skip
    if not tables.select("price_history", store_id=store_id, item=item, before=2**62, limit=1):
        variants = [row["item"] for row in tables.select("variants_of", store_id=store_id, product=item, limit=ROWS)]
        raise PricedByVariants(item, variants) if variants else UnknownItem(f"{store_id} {item}")
    statements = [_statement(item, recorded(store_id, about(item, Entry(**row)))) for row in rows]
    found = lowest([one for one in statements if one is not None], start, at)
    told = _told(store_id, item, days, start, at, found)
    return told.model_copy(update={"told_ar": told_ar(told), "told_en": told_en(told)})


def _statement(item: str, row: Recorded) -> Statement | None:
    """What an entry says of the item; ``None`` where it says no price of it."""
    event, at = row.event, row.event.occurred_at
    match event:
        case CatalogObserved():
            seen = next((one for one in event.items if one.key == item and not one.has_variants), None)
            return Statement(at, Said.SEEN, seen.base_price, seen.shelf_price, row.entry) if seen else None
        case PriceApplied():
            return Statement(at, Said.WRITTEN, event.base_price, event.shelf_price, row.entry)
        case ManualEditDetected():
            return Statement(at, Said.EDITED, event.found_base_price, None, row.entry)
        case CatalogItemsRemoved() if item in event.keys:
            return Statement(at, Said.GONE, entry=row.entry)
    return None


def _told(store_id: str, item: str, days: int, start: datetime, at: datetime, found: Lowest) -> LowestPrice:
    span, unknown = found.span, found.unknown
    last = unknown[-1] if unknown else None
    return LowestPrice(
        store_id=store_id,
        item=item,
        days=days,
        start=start,
        at=at,
        price=span.price if span else None,
        since=span.since if span else None,
        until=span.until if span else None,
        proven_by=_proof(span),
        decision_id=_decision(store_id, span),
        is_whole=not unknown,
        known_from=start if last is None else None if last.until == at else last.until,
        unknown=tuple(Unknown(since=one.since, until=one.until or at) for one in unknown),
    )


def _proof(span: Span | None) -> ProvenBy | None:
    entry = span.by.entry if span and span.by else None
    if entry is None:
        return None
    name = entry.type.rsplit(".", 2)[-2]
    return ProvenBy(event_id=entry.event_id, name=name, seq=entry.seq, hash=entry.hash.hex())


def _decision(store_id: str, span: Span | None) -> UUID | None:
    entry = span.by.entry if span and span.by else None
    said: Any = recorded(store_id, entry).event if entry is not None else None
    return said.decision_id if isinstance(said, PriceApplied) else None
