"""The answer from what was found in the ledger."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from thaman_audit.domain.handover import Market, Record, Recorded, proposals_of, reports_of
from thaman_audit.domain.why.answer import (
    Advised,
    Approval,
    Cause,
    EarlierWrite,
    How,
    KnownOffer,
    OpenWrite,
    Price,
    Reverts,
    Seen,
    Source,
    Why,
    WhyStatus,
)
from thaman_audit.domain.why.history import History, PriceRow, Standing
from thaman_contracts.events import EventData
from thaman_contracts.events.advice import MarketAssessed
from thaman_contracts.events.onboarding import CatalogObserved, ManualEditDetected
from thaman_contracts.events.optimizer import OffersObserved, PriceApproved, PriceDecided, PriceReverted
from thaman_contracts.handover import DecisionReport, RunFrame, WriteState
from thaman_contracts.ids import split_item_key

E = TypeVar("E", bound=EventData)

_OPEN = (WriteState.DUE, WriteState.WRITING, WriteState.UNCERTAIN)


@dataclass
class Found:
    """What the ledger has for the answer. ``entries`` are those about the item alone, ``market`` is the deciding
    run's, with the run's own entries about the item in its record."""

    store_id: str
    item: str
    at: datetime
    history: History
    entries: Sequence[Recorded] = ()
    open_runs: Sequence[UUID] = ()
    market: Market | None = None
    assessed: Recorded | None = None
    seen: Recorded | None = None
    gone: Recorded | None = None
    frame: RunFrame | None = None
    used: dict[int, Recorded] = field(default_factory=dict)

    def events(self, kind: type[E]) -> Iterator[E]:
        """The events of a contract about the item."""
        return (row.event for row in self.entries if isinstance(row.event, kind))

    def record(self, run_id: UUID | None, until: datetime | None = None) -> Record:
        """What a run said about the item, all of it or until an instant."""
        rows = [row for row in self.entries if getattr(row.event, "run_id", None) == run_id]
        known = [row for row in rows if until is None or row.event.occurred_at <= until]
        assert run_id is not None
        return Record(self.store_id, run_id, known)

    def use(self, rows: Iterable[Recorded | None]) -> None:
        """Note that the answer is made of these, too."""
        self.used |= {row.entry.seq: row for row in rows if row is not None}


def answer(found: Found) -> Why:
    """Why the price was what it was, without words."""
    now, after = found.history.now, found.history.after
    product_id, variant_id = split_item_key(found.item)
    parts = {
        "price": _price(found, now),
        "put_back": _put_back(found.history.put_back),
        "cause": _cause(found, now),
        "seen": _seen(found),
        "open": tuple(_open(found)),
        "after": _price(found, after) if now is not None else None,
        "reverted": _reverted(found, now),
        "gone_at": found.gone.event.occurred_at if found.gone else None,
    }
    found.use([found.seen, found.gone])
    return Why(
        store_id=found.store_id,
        item=found.item,
        product_id=product_id,
        variant_id=variant_id,
        at=found.at,
        status=WhyStatus.BEFORE_FIRST_SEEN if now is None else WhyStatus.KNOWN,
        first_seen_at=found.history.first_seen_at,
        **parts,
        sources=tuple(_source(row) for _, row in sorted(found.used.items())),
    )


def _price(found: Found, standing: Standing | None) -> Price | None:
    if standing is None:
        return None
    row = standing.cause
    told = [entry for entry in found.entries if entry.entry.event_id == row.event_id]
    edit = next((entry.event for entry in told if isinstance(entry.event, ManualEditDetected)), None)
    decided = (one for one in found.events(PriceDecided) if one.decision_id == row.decision_id)
    found.use(told)
    return Price(
        base_price=row.base_price,
        shelf_price=standing.shelf_price,
        old_base_price=standing.old_base_price,
        since=row.at,
        how=How(row.cause),
        who=next((one.decided_by for one in decided), None),
        found_by=edit.found_by if edit else None,
        decision_id=row.decision_id,
        run_id=row.run_id,
    )


def _put_back(row: PriceRow | None) -> EarlierWrite | None:
    if row is None or row.decision_id is None:
        return None
    return EarlierWrite(at=row.at, decision_id=row.decision_id, run_id=row.run_id)


def _cause(found: Found, now: Standing | None) -> Cause | None:
    if now is None or now.cause.decision_id is None or now.cause.run_id is None:
        return None
    record = found.record(now.cause.run_id)
    found.use(record.rows)
    found.use([found.assessed])
    report = _report(record, now.cause.decision_id)
    proposal = next((one for one in proposals_of(record) if one.outcome.decision_id == report.decision_id), None)
    asked = record.first(PriceReverted)
    advice = _advised(found)
    return Cause(
        write=report,
        approval=_approval(record, proposal.input_digest if proposal else None),
        proposal=proposal,
        reverts=_reverts(asked) if asked else None,
        advice=advice,
        offers=tuple(_offers(found, advice)),
        run=found.frame,
    )


def _report(record: Record, decision_id: UUID) -> DecisionReport:
    return next(one for one in reports_of(record) if one.decision_id == decision_id)


def _approval(record: Record, digest: str | None) -> Approval | None:
    said = record.first(PriceApproved)
    if said is None:
        return None
    shown = said.shown_digest
    same = None if shown is None or digest is None else shown == digest
    return Approval(by=said.approved_by, at=said.occurred_at, shown_digest=shown, shown_this=same)


def _reverts(event: PriceReverted) -> Reverts:
    return Reverts(at=event.occurred_at, by=event.reverted_by, reverts_decision_id=event.reverts_decision_id)


def _reverted(found: Found, now: Standing | None) -> Reverts | None:
    decision = now.cause.decision_id if now else None
    rows = [
        (row, row.event)
        for row in found.entries
        if isinstance(row.event, PriceReverted)
        and decision in (row.event.reverts_decision_id, *row.event.reverts_decision_ids)
    ]
    found.use(row for row, _ in rows)
    return next((_reverts(event) for _, event in rows), None)


def _advised(found: Found) -> Advised | None:
    if found.assessed is None:
        return None
    said = found.assessed.event
    assert isinstance(said, MarketAssessed)
    known = said.model_dump(include=set(Advised.model_fields))
    item = next((one for one in said.advice if one.key == found.item), None)
    return Advised(**known, at=said.occurred_at, item=item)


def _offers(found: Found, advice: Advised | None) -> Iterator[KnownOffer]:
    """The run's own offers, and those of earlier runs that counted on."""
    market = found.market
    if market is None:
        return
    said = {one.url: one.verdict for one in advice.item.offers} if advice and advice.item else {}
    for row in market.record.rows:
        if not isinstance(row.event, OffersObserved):
            continue
        own = [offer for offer in row.event.offers if offer.key == found.item]
        found.use([row] if own else [])
        for offer in own:
            yield KnownOffer(**offer.model_dump(), run_id=row.event.run_id, earlier=False, verdict=said.get(offer.url))
    earlier = [offer for _, offer in sorted(market.offers.items()) if offer.key == found.item]
    found.use(market.sources if earlier else [])
    for offer in earlier:
        yield KnownOffer(
            **offer.model_dump(), earlier=offer.run_id != market.record.run_id, verdict=said.get(offer.url)
        )


def _seen(found: Found) -> Seen | None:
    if found.seen is None:
        return None
    event = found.seen.event
    assert isinstance(event, CatalogObserved)
    item = next(one for one in event.items if one.key == found.item)
    known = item.model_dump(include=set(Seen.model_fields))
    return Seen(**known, at=event.occurred_at, source=event.source)


def _open(found: Found) -> Iterator[OpenWrite]:
    """Decisions whose outcome was not known at the instant; what came of them later is told, too."""
    for run_id in found.open_runs:
        record = found.record(run_id)
        found.use(record.rows)
        for then in reports_of(found.record(run_id, found.at)):
            if then.state in _OPEN:
                yield OpenWrite(state=then.state, write=_report(record, then.decision_id))


def _source(row: Recorded) -> Source:
    entry = row.entry
    return Source(seq=entry.seq, name=row.event.event_name(), at=entry.occurred_at, hash=entry.hash.hex())
