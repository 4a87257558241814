"""Invariant 2, for pricing policies: none decides that was not let, and a live one is not passed over."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from thaman_cli.world.checks.decisions import SKEW
from thaman_cli.world.facts import Facts
from thaman_cli.world.report import Violation
from thaman_cli.world.salla import SallaView
from thaman_contracts.events import optimizer
from thaman_contracts.events.policies import PolicyStage, PolicyStaged

LET = (PolicyStage.CANARY, PolicyStage.LIVE)


@dataclass(slots=True)
class _Standing:
    """One policy's stage, since when, and the one before it."""

    stage: PolicyStage = PolicyStage.DRAFT
    since: datetime | None = None
    before: PolicyStage = PolicyStage.DRAFT

    def may_have(self, stages: tuple[PolicyStage, ...], at: datetime) -> bool:
        """Whether it may have been at one of the stages for somebody who looked about then."""
        return self.stage in stages or (self._is_new(at) and self.before in stages)

    def surely_has(self, stage: PolicyStage, at: datetime) -> bool:
        """Whether it was at the stage for everybody who looked then."""
        return self.stage is stage and not self._is_new(at)

    def _is_new(self, at: datetime) -> bool:
        return self.since is not None and at <= self.since + SKEW


@dataclass(slots=True)
class _Let:
    """What a run could have known when it began."""

    allowed: set[int] = field(default_factory=set)
    live: set[int] = field(default_factory=set)


def check(facts: Facts, salla: SallaView | None) -> Iterator[Violation]:
    """Every proposal's policy against the stages that its run could have known."""
    books: dict[str, dict[int, _Standing]] = defaultdict(lambda: defaultdict(_Standing))
    runs: dict[UUID, _Let] = {}
    for row in facts.logs["optimizer"]:
        event = row.event
        if isinstance(event, PolicyStaged):
            standing = books[event.store_id][event.policy_version]
            standing.before, standing.stage, standing.since = standing.stage, event.stage, event.occurred_at
        elif isinstance(event, optimizer.OptimizationStarted):
            runs[event.run_id] = _let(books[event.store_id], event.occurred_at)
        elif isinstance(event, optimizer.PriceProposed) and event.run_id in runs:
            yield from _proposal(event, runs[event.run_id])


def _let(book: dict[int, _Standing], at: datetime) -> _Let:
    return _Let(
        allowed={version for version, standing in book.items() if standing.may_have(LET, at)},
        live={version for version, standing in book.items() if standing.surely_has(PolicyStage.LIVE, at)},
    )


def _proposal(event: optimizer.PriceProposed, let: _Let) -> Iterator[Violation]:
    version = event.policy_version
    name = f"proposal {event.proposal_id}, store {event.store_id}, product {event.product_id}"
    if version is not None and version not in let.allowed:
        yield Violation(2, "policy_not_let", f"{name}: by policy {version}, which was neither live nor in canary")
    if version is None and let.live:
        yield Violation(2, "policy_passed_over", f"{name}: by settings alone, though policy {max(let.live)} was live")
