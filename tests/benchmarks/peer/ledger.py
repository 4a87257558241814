"""Recording what happened: the outbox, the index by item and the audit log, whose hash is the one of our own ledger."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.benchmarks.peer.models import AuditEntry, ChainHead, ItemEvent, OutboxEvent, rows_into
from thaman_audit.verify import Entry, Head, Verdict, entry_hash, verify_chain

SERVICE = "peer"


@dataclass(frozen=True, slots=True)
class Follow:
    """A task that must follow, at once or when it is due."""

    task: str
    arguments: list[Any]
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a store or to one of its items."""

    event_id: str
    kind: str
    at: datetime
    run_id: UUID
    document: dict[str, Any]
    item_key: str | None = None
    follow: Follow | None = None


def record(session: Session, store_id: str, events: Sequence[Event]) -> None:
    """Record events of a store, in the session's transaction. Call it last: it holds the chain until the commit."""
    bodies = [json.dumps(event.document, ensure_ascii=False, separators=(",", ":")).encode() for event in events]
    session.execute(rows_into(OutboxEvent), [_outbox_row(store_id, *each) for each in zip(events, bodies, strict=True)])
    about_items = [_item_row(store_id, event) for event in events if event.item_key is not None]
    if about_items:
        session.execute(rows_into(ItemEvent), about_items)
    _append(session, store_id, events, bodies)


def _outbox_row(store_id: str, event: Event, body: bytes) -> dict[str, Any]:
    follow = event.follow
    return {
        "event_id": event.event_id,
        "store_id": store_id,
        "type": event.kind,
        "occurred_at": event.at,
        "data": body,
        "task": None if follow is None else follow.task,
        "arguments": None if follow is None else follow.arguments,
        "due_at": None if follow is None else follow.due_at,
        "sent_at": None,
    }


def _item_row(store_id: str, event: Event) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "store_id": store_id,
        "item_key": event.item_key,
        "type": event.kind,
        "at": event.at,
        "run_id": event.run_id,
    }


def _append(session: Session, store_id: str, events: Sequence[Event], bodies: Sequence[bytes]) -> None:
    head = session.get_one(ChainHead, store_id, with_for_update=True, populate_existing=True)
    seq, previous, now = head.seq, head.hash, datetime.now(UTC)
    rows = []
    for event, body in zip(events, bodies, strict=True):
        seq += 1
        entry = Entry(store_id, seq, event.event_id, SERVICE, event.kind, seq, event.at, now, body, previous, b"")
        previous = entry_hash(entry)
        entry = replace(entry, hash=previous)
        rows.append({name: getattr(entry, name) for name in Entry.__slots__})
    session.execute(rows_into(AuditEntry), rows)
    head.seq, head.hash = seq, previous


def verify(session: Session, store_id: str) -> Verdict:
    """Walk a store's chain."""
    head = session.get_one(ChainHead, store_id)
    rows = session.scalars(select(AuditEntry).where(AuditEntry.store_id == store_id).order_by(AuditEntry.seq))
    entries = (Entry(**{name: getattr(row, name) for name in Entry.__slots__}) for row in rows)
    return verify_chain(entries, Head(head.store_id, head.seq, head.hash))
