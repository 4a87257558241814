"""Invariant 8: every event version ever released folds to a valid state."""

import importlib
from collections.abc import Iterator
from itertools import groupby

from thaman_cli.world.facts import Facts, Stored
from thaman_cli.world.report import Violation
from thaman_cli.world.salla import SallaView
from thaman_contracts.subjects import SERVICES
from thaman_kit.domain import Aggregate

AGGREGATES = {
    "store": "thaman_onboarding.domain.store:Store",
    "system": "thaman_onboarding.domain.system:System",
    "key": "thaman_onboarding.domain.keys:Key",
    "price_write": "thaman_onboarding.domain.price_write:PriceWrite",
    "licence": "thaman_onboarding.domain.licences:LicenceBook",
    "run": "thaman_optimizer.domain.run:Run",
    "proposal": "thaman_optimizer.domain.proposal:Proposal",
    "undo": "thaman_optimizer.domain.restoration:Restoration",
    "schedule": "thaman_scheduler.domain.schedule:Schedule",
    "installation": "thaman_scheduler.domain.installation:Installation",
}
"""The aggregate that a history belongs to, by its first event's topic; other histories are bare events."""


def check(facts: Facts, salla: SallaView | None) -> Iterator[Violation]:
    """Read every event, fold every history."""
    for service in SERVICES:
        rows = facts.logs[service]
        for row in rows:
            if row.event is None:
                yield Violation(8, "event_unreadable", f"{row.name} ({row.topic}): {row.fault}")
        ordered = sorted(rows, key=lambda row: (row.originator, row.version))
        for _, group in groupby(ordered, lambda row: row.originator):
            yield from _fold(list(group))


def _fold(history: list[Stored]) -> Iterator[Violation]:
    path = AGGREGATES.get(history[0].topic.partition(".")[0])
    if path is None or any(row.event is None for row in history):
        return
    module, _, name = path.partition(":")
    aggregate: type[Aggregate] = getattr(importlib.import_module(module), name)
    try:
        aggregate.fold(history[0].originator, (row.event for row in history if row.event is not None))
    except Exception as error:
        # Whatever a fold raises is the finding.
        what = f"{history[0].service} {name} {history[0].originator}: {type(error).__name__}: {error}"
        yield Violation(8, "history_does_not_fold", what)
