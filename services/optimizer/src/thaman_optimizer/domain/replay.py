"""Decide again what a run decided, from what it recorded and nothing else.

A run records its store's facts when it starts, its instant when it has scouted, a crew's advice where it had any, and
each item's facts with what it said of the item; together that is everything a decision depends on.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from thaman_contracts.events.advice import MarketAssessed
from thaman_optimizer.domain.analyst import Verdict, judge
from thaman_optimizer.domain.assessment import Assessment
from thaman_optimizer.domain.facts import ItemFacts, StoreFacts

_STORE = TypeAdapter(StoreFacts)
_ITEM = TypeAdapter(ItemFacts)


def store_from(inputs: Mapping[str, Any]) -> StoreFacts:
    """The store's facts from ``store_inputs`` of ``OptimizationStarted``."""
    return _STORE.validate_python(dict(inputs))


def item_from(inputs: Mapping[str, Any]) -> ItemFacts:
    """An item's facts from ``inputs`` of ``PriceProposed`` or ``PriceHeld``."""
    return _ITEM.validate_python(dict(inputs))


def assessment_from(assessed: Mapping[str, Any] | None) -> Assessment:
    """The advice from the fields of ``MarketAssessed``; ``None`` where the run has none."""
    return Assessment.of(None if assessed is None else MarketAssessed.model_validate(dict(assessed)))


def replay(
    store: Mapping[str, Any],
    items: Sequence[Mapping[str, Any]],
    now: datetime,
    assessed: Mapping[str, Any] | None = None,
) -> list[Verdict]:
    """The verdicts on recorded facts, in the order of ``items``, which have to be all of a run's."""
    return judge(store_from(store), [item_from(item) for item in items], now, assessment_from(assessed))
