"""Appending to the peer's audit log. The hash is the one of our own ledger, so both sides hash the same way."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.benchmarks.peer.models import AuditEntry, ChainHead, rows_into
from thaman_audit.verify import Entry, Head, Verdict, entry_hash, verify_chain

SERVICE = "peer"
Event = tuple[str, str, datetime, dict[str, Any]]
"""Id, type, time and document."""


def append(session: Session, store_id: str, events: Sequence[Event]) -> None:
    """Append to a store's chain, in the session's transaction. Call it last: it holds the chain until the commit."""
    head = session.get_one(ChainHead, store_id, with_for_update=True, populate_existing=True)
    seq, previous, now = head.seq, head.hash, datetime.now(UTC)
    rows = []
    for event_id, kind, at, document in events:
        seq += 1
        data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        entry = Entry(store_id, seq, event_id, SERVICE, kind, seq, at, now, data, previous, b"")
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
