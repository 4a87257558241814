"""What a policy would do: beside the one that decides, on the facts of now or on those of recorded runs.

Nothing here is written anywhere. What a price would have *earned* is the demand model's estimate, never an observation:
shoppers answered the prices that really stood on the shelf.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from thaman_contracts.events.optimizer import Disposition
from thaman_contracts.events.policies import ShadowPrice
from thaman_optimizer.domain.analyst import Verdict
from thaman_optimizer.domain.assessment import NO_ADVICE, Assessment
from thaman_optimizer.domain.engine import Move, Stay
from thaman_optimizer.domain.facts import ItemFacts, StoreFacts


@dataclass(frozen=True, slots=True)
class Said:
    """What became of one item: the shelf price proposed (``None`` = held) and the disposition."""

    price: int | None
    disposition: Disposition


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A run as it is on record: the facts of its instant, what it said of each item by key, and a crew's advice."""

    run_id: UUID
    at: datetime
    store: StoreFacts
    items: tuple[ItemFacts, ...]
    said: dict[str, Said]
    assessment: Assessment = NO_ADVICE


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts over items: proposals by disposition, floors that set a price, raises and cuts.

    ``expected`` is the summed weekly profit change in halalas of the proposals whose outlook is known (``known`` of
    them), as the demand model sees it.
    """

    items: int = 0
    written: int = 0
    asked: int = 0
    held: int = 0
    raised: int = 0
    cut: int = 0
    at_floor: int = 0
    known: int = 0
    expected: int = 0

    def plus(self, other: "Totals") -> "Totals":
        """Both together."""
        return Totals(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(Totals)})


@dataclass(frozen=True, slots=True)
class Difference:
    """One item that the two policies treat differently; shelf prices, ``None`` = held."""

    key: str
    now: int
    live: int | None
    other: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two policies on the same facts."""

    live: Totals
    other: Totals
    different: tuple[Difference, ...]


def compare(live: Sequence[Verdict], other: Sequence[Verdict]) -> Comparison:
    """What two sets of verdicts on the same items have in common and where they differ."""
    found = (_difference(one, another) for one, another in zip(live, other, strict=True))
    return Comparison(totals(live), totals(other), tuple(one for one in found if one is not None))


def shadow_prices(live: Sequence[Verdict], shadow: Sequence[Verdict]) -> dict[str, ShadowPrice]:
    """What a policy in shadow made of items, by their keys, beside what the deciding ones made of them."""
    decided = {verdict.key: verdict for verdict in live}
    return {verdict.key: _shadow_price(decided[verdict.key], verdict) for verdict in shadow}


def _shadow_price(live: Verdict, shadow: Verdict) -> ShadowPrice:
    found = shadow.finding
    said: dict[str, Any] = {"reason": found.reason} if isinstance(found, Stay) else _expectation(found)
    return ShadowPrice(
        product_id=shadow.item.product_id,
        variant_id=shadow.item.variant_id,
        shelf_price=shadow.item.shelf_price,
        live_price=price_of(live),
        shadow_price=price_of(shadow),
        disposition=shadow.disposition.value,
        **said,
    )


def _expectation(move: Move) -> dict[str, Any]:
    expected = None if move.outlook is None else move.outlook.expected
    return {"risk": move.assessment.risk.value, "expected_weekly_profit_change": expected}


def totals(verdicts: Iterable[Verdict]) -> Totals:
    """The totals of some verdicts."""
    total = Totals()
    for verdict in verdicts:
        total = total.plus(_counted(verdict))
    return total


def price_of(verdict: Verdict) -> int | None:
    """The shelf price that a verdict proposes."""
    return verdict.finding.shelf_price if isinstance(verdict.finding, Move) else None


def _counted(verdict: Verdict) -> Totals:
    found, old = verdict.finding, verdict.item.shelf_price
    if not isinstance(found, Move):
        return Totals(items=1, held=1)
    return Totals(
        items=1,
        written=int(verdict.disposition is Disposition.WRITE),
        asked=int(verdict.disposition is Disposition.ASK),
        raised=int(found.shelf_price > old),
        cut=int(found.shelf_price < old),
        at_floor=int(any(step.guard == "floor" and step.outcome == "move" for step in found.trail)),
        known=int(found.outlook is not None),
        expected=found.outlook.expected if found.outlook is not None else 0,
    )


def _difference(live: Verdict, other: Verdict) -> Difference | None:
    mine, theirs = price_of(live), price_of(other)
    if mine == theirs and live.disposition is other.disposition:
        return None
    reason = None if isinstance(other.finding, Move) else other.finding.reason
    return Difference(live.key, live.item.shelf_price, mine, theirs, reason)
