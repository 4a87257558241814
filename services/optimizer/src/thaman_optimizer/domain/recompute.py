"""Recorded decisions made again and held against the record, field by field. Pure; nobody is asked, and no LLM is.

A run's items are judged together, because the engine is asked once for all of them. So a run is made again whole, or
not at all: where another release decided, where the facts are not all on record, or where the run never ended and so
nobody knows what all of it was.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from thaman_contracts.events.optimizer import POLICY
from thaman_contracts.ids import item_key
from thaman_kit.domain import DomainEvent
from thaman_optimizer.domain.advice import ENGINE_VERSION
from thaman_optimizer.domain.analyst import Verdict, judge
from thaman_optimizer.domain.assessment import Assessment
from thaman_optimizer.domain.engine import Move
from thaman_optimizer.domain.events import (
    MarketAssessed,
    MarketScouted,
    OptimizationStarted,
    PriceDecided,
    PriceHeld,
    PriceProposed,
)
from thaman_optimizer.domain.proposal import Proposal, Ruling
from thaman_optimizer.domain.replay import item_from, store_from
from thaman_optimizer.errors import AdviceFailed

Told = PriceProposed | PriceHeld

APART = frozenset({"meta", "originator_id", "originator_version", "reason_ar", "reason_en"})
"""What is no part of a decision: where its event stands, what caused it, and the words that tell it to people."""


@dataclass(frozen=True, slots=True)
class Record:
    """A run as it is on record; ``decided`` are the decisions that its policy took at once, by item key.

    ``analysed`` is how many items it said it judged; ``None`` where it did not end well.
    """

    run_id: UUID
    started: OptimizationStarted | None
    scouted: MarketScouted | None
    assessed: MarketAssessed | None
    told: tuple[Told, ...]
    decided: Mapping[str, PriceDecided]
    is_over: bool
    analysed: int | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that came out differently: by field, what is on record and what came out now."""

    run_id: UUID
    item: str
    fields: Mapping[str, tuple[Any, Any]]


@dataclass(slots=True)
class Recomputed:
    """What became of recorded decisions; ``left_out`` counts those that were not made again, by reason."""

    runs: int = 0
    equal: int = 0
    different: list[Difference] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def recomputed(self) -> int:
        """How many were made again."""
        return self.equal + len(self.different)

    def add(self, record: Record) -> None:
        """Make a run's decisions again."""
        self.runs += 1
        why = why_not(record)
        if why is not None:
            self.left_out[why] += len(record.told)
            return
        found = list(_differences(record))
        self.different += found
        self.equal += len(record.told) - len(found)


def why_not(record: Record) -> str | None:
    """Why a run cannot be made again; ``None`` where it can."""
    return next(_obstacles(record), None)


def _obstacles(record: Record) -> Iterator[str]:
    for engine in sorted({one.engine_version for one in record.told} - {ENGINE_VERSION}):
        yield f"decided by the engine {engine}; this release has {ENGINE_VERSION}"
    if not record.is_over:
        yield "the run has not ended, so what all of it is is not known"
    if record.analysed not in (None, len(record.told)):
        yield f"the run says that it judged {record.analysed} items, and {len(record.told)} are on record"
    if record.started is None or record.scouted is None or not record.started.store_inputs:
        yield "the store's facts are not on record"
        return
    if not all(one.inputs for one in record.told):
        yield "the facts of an item are not on record"
    try:
        store_from(record.started.store_inputs)
        for one in record.told:
            item_from(one.inputs)
    except ValueError as error:
        yield f"the facts on record cannot be read by this release: {' '.join(str(error).split())[:200]}"


def _differences(record: Record) -> Iterator[Difference]:
    assert record.started is not None and record.scouted is not None
    # In another order than that of the record, because the order must not matter.
    told = sorted(record.told, key=lambda one: one.input_digest)
    store, items = store_from(record.started.store_inputs), [item_from(one.inputs) for one in told]
    try:
        verdicts = judge(store, items, record.scouted.occurred_at, Assessment.of(record.assessed))
    except AdviceFailed as error:
        for one in told:
            yield Difference(record.run_id, _key(one), {"engine": ("an answer", str(error))})
        return
    for one, verdict in zip(told, verdicts, strict=True):
        fields = _fields(record, one, verdict)
        if fields:
            yield Difference(record.run_id, _key(one), fields)


def _fields(record: Record, told: Told, verdict: Verdict) -> dict[str, tuple[Any, Any]]:
    assert record.scouted is not None
    proposal = Proposal.of(record.run_id, verdict.item)
    ruling = Ruling(record.run_id, verdict.store, record.scouted.occurred_at)
    if isinstance(verdict.finding, Move):
        proposal.propose(ruling, verdict.item, verdict.finding, verdict.inputs)
    else:
        proposal.hold(ruling, verdict.item, verdict.finding, verdict.inputs)
    before = [told, *([record.decided[_key(told)]] if _key(told) in record.decided else [])]
    return _unlike(before, proposal.collect_events())


def _unlike(before: Sequence[DomainEvent], again: Sequence[DomainEvent]) -> dict[str, tuple[Any, Any]]:
    """The fields in which the same decision is told otherwise."""
    kinds = [type(event).__name__ for event in before], [type(event).__name__ for event in again]
    fields: dict[str, tuple[Any, Any]] = {"events": kinds} if kinds[0] != kinds[1] else {}
    for old, new in ((_plain(one), _plain(another)) for one, another in zip(before, again, strict=False)):
        fields |= {name: (old[name], new[name]) for name in old.keys() & new.keys() if old[name] != new[name]}
    return fields


def _plain(event: DomainEvent) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(event.model_dump_json(exclude=set(APART)))
    return found


def is_at_once(event: DomainEvent) -> bool:
    """Whether an event is the decision that its run's policy took in the same breath as the proposal."""
    return isinstance(event, PriceDecided) and event.decided_by == POLICY


def _key(told: Told) -> str:
    return item_key(told.product_id, told.variant_id)
