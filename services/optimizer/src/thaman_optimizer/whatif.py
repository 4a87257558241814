"""What a policy would do, asked before it is let near a price. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from thaman_contracts.events.policies import PolicyStage, PricePolicy
from thaman_kit.clock import Clock
from thaman_optimizer.domain.analyst import Verdict, judge, judge_under
from thaman_optimizer.domain.approval import not_priced
from thaman_optimizer.domain.facts import PolicyFacts
from thaman_optimizer.domain.whatif import Comparison, Difference, RecordedRun, Said, Totals, compare, price_of
from thaman_optimizer.errors import StoreNotPriced, StoreUnknown
from thaman_optimizer.ports import Facts, Past

MOST_DAYS = 90
MOST_ITEMS = 50_000
"""Items of all recorded runs together that one question looks at, so that it ends within minutes."""


@dataclass(frozen=True, slots=True)
class RetoldRun:
    """A recorded run, judged again and by another policy on the same facts.

    ``reproduced``: judging again gave what the run had said. An engine of another version may not.
    """

    run_id: UUID
    at: datetime
    reproduced: bool
    live: Totals
    other: Totals
    differences: tuple[Difference, ...]

    @property
    def different(self) -> int:
        """How many items the two treat differently."""
        return len(self.differences)


@dataclass(frozen=True, slots=True)
class Retold:
    """Recorded runs, newest first, and their sums. ``left_out`` older runs of that time were too many to look at."""

    runs: tuple[RetoldRun, ...]
    left_out: int
    live: Totals
    other: Totals


class WhatIf:
    """Answers what-if questions. Blocking."""

    def __init__(self, facts: Facts, past: Past, clock: Clock) -> None:
        self._facts = facts
        self._past = past
        self._clock = clock

    def now(self, store_id: str, version: int, policy: PricePolicy) -> Comparison:
        """The policy beside those that decide, on the store as it stands.

        Raises:
            StoreUnknown, StoreNotPriced
            AdviceFailed: the engine gave no answer.
        """
        now = self._clock.now()
        store = self._facts.store(store_id, now)
        if store is None:
            raise StoreUnknown(f"store {store_id} is not connected here")
        problem = not_priced(store)
        if problem is not None:
            raise StoreNotPriced(problem)
        items = self._facts.with_pasts(store_id, self._facts.items(store_id, now).items, now)
        return compare(judge(store, items, now), judge_under(store, _draft(version, policy), items, now))

    def over_history(self, store_id: str, version: int, policy: PricePolicy, days: int) -> Retold:
        """The policy on the store's recorded runs of the last ``days`` (at most :data:`MOST_DAYS`).

        Each is judged on the facts of its own instant: prices that the policy would have changed earlier are not
        carried on.

        Raises:
            StoreUnknown
            AdviceFailed: the engine gave no answer.
        """
        now = self._clock.now()
        if self._facts.store(store_id, now) is None:
            raise StoreUnknown(f"store {store_id} is not connected here")
        since = now - timedelta(days=min(days, MOST_DAYS))
        recorded, left_out = self._past.runs(store_id, since, now, MOST_ITEMS)
        return retell(recorded, left_out, version, policy)


def retell(recorded: Iterable[RecordedRun], left_out: int, version: int, policy: PricePolicy) -> Retold:
    """Recorded runs under another policy, which may be nowhere on record; reads nothing else.

    Raises:
        AdviceFailed: the engine gave no answer.
    """
    runs, live, other = [], Totals(), Totals()
    for run in recorded:
        retold = _retold(run, _draft(version, policy))
        runs.append(retold)
        live, other = live.plus(retold.live), other.plus(retold.other)
    return Retold(tuple(runs), left_out, live, other)


def _draft(version: int, policy: PricePolicy) -> PolicyFacts:
    return PolicyFacts(version, PolicyStage.DRAFT, None, policy)


def _retold(run: RecordedRun, draft: PolicyFacts) -> RetoldRun:
    again = judge(run.store, run.items, run.at, run.assessment)
    found = compare(again, judge_under(run.store, draft, run.items, run.at, run.assessment))
    return RetoldRun(
        run_id=run.run_id,
        at=run.at,
        reproduced={verdict.key: _said(verdict) for verdict in again} == run.said,
        live=found.live,
        other=found.other,
        differences=found.different,
    )


def _said(verdict: Verdict) -> Said:
    return Said(price_of(verdict), verdict.disposition)
