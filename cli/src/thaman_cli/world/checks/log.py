"""Invariant 4: no lost event, no invented event, versions contiguous, per-store order kept."""

from collections.abc import Iterator
from itertools import groupby

from thaman_audit.verify import Entry, Head, verify_chain
from thaman_cli.world.facts import Facts, Stored
from thaman_cli.world.report import Violation
from thaman_cli.world.salla import SallaView
from thaman_contracts.envelope import encode
from thaman_contracts.events import REGISTRY, EventData
from thaman_contracts.subjects import SERVICES, partition_of, upstream_of

GENESIS = bytes(32)


def check(facts: Facts, salla: SallaView | None) -> Iterator[Violation]:
    """Versions, the ledger's content and chains, its order, and that nothing passed the ledger by."""
    for service in SERVICES:
        yield from _versions(facts.logs[service])
    yield from _invented(facts)
    yield from _chains(facts)
    yield from _order(facts)
    tracked = {row["upstream"]: row["position"] for row in facts.rows("tracked", "audit")}
    for row in _missing(facts):
        assert row.event is not None
        if row.position <= tracked.get(upstream_of(row.service, partition_of(row.event.store_id)), 0):
            yield Violation(4, "event_lost", f"{row.name} ({row.topic}) was passed by and is not in the ledger")


def check_complete(facts: Facts, salla: SallaView | None) -> Iterator[Violation]:
    """Once quiet every published event is in the ledger."""
    for row in _missing(facts):
        yield Violation(4, "event_missing", f"{row.name} ({row.topic}) is not in the ledger")


def _versions(rows: list[Stored]) -> Iterator[Violation]:
    for originator, group in groupby(sorted(rows, key=lambda r: (r.originator, r.version)), lambda r: r.originator):
        versions = [row.version for row in group]
        if versions != list(range(1, len(versions) + 1)):
            yield Violation(4, "versions_not_contiguous", f"{rows[0].service} {originator} has {versions[:20]}")


def _missing(facts: Facts) -> Iterator[Stored]:
    """Published events that are neither in the ledger nor put aside with a reason."""
    known = {(entry.service, entry.event_id) for entry in facts.ledger}
    known |= {(row["upstream"].partition(":")[0], row["event_id"]) for row in facts.rows("put_aside")}
    for service in SERVICES:
        for row in facts.logs[service]:
            if row.is_published and (service, f"{row.originator}:{row.version}") not in known:
                yield row


def _invented(facts: Facts) -> Iterator[Violation]:
    stored = {(r.service, f"{r.originator}:{r.version}"): r for rows in facts.logs.values() for r in rows}
    for entry in facts.ledger:
        name = f"entry {entry.seq} of store {entry.store_id}, {entry.service} {entry.event_id}"
        row = stored.get((entry.service, entry.event_id))
        if row is None:
            yield Violation(4, "event_invented", f"{name} was never stored")
        elif isinstance(row.event, EventData) and entry.data != _body(row.event, entry.type):
            yield Violation(4, "event_changed", f"{name} differs from what {entry.service} stored")


def _body(event: EventData, event_type: str) -> bytes | None:
    """What the relay publishes of a stored event."""
    contract = REGISTRY.get(event_type)
    if contract is None or not isinstance(event, contract):
        return None
    return encode(event.model_dump(mode="json", include=set(contract.model_fields)))


def _chains(facts: Facts) -> Iterator[Violation]:
    chains = {store: list(entries) for store, entries in groupby(facts.ledger, lambda entry: entry.store_id)}
    for store in sorted(chains.keys() | facts.heads.keys()):
        verdict = verify_chain(chains.get(store, []), facts.heads.get(store, Head(store, 0, GENESIS)))
        if verdict.broken is not None:
            what = f"store {store}, entry {verdict.broken.seq}: {verdict.broken.reason}"
            yield Violation(4, "chain_broken", what)


def _order(facts: Facts) -> Iterator[Violation]:
    last: dict[tuple[str, str], Entry] = {}
    for entry in facts.ledger:
        before = last.get((entry.store_id, entry.service))
        if before is not None and before.position >= entry.position:
            what = f"store {entry.store_id}: {entry.service} {before.position} (entry {before.seq})"
            yield Violation(4, "order_not_kept", f"{what} before {entry.position} (entry {entry.seq})")
        last[entry.store_id, entry.service] = entry
