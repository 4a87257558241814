"""The Analyst: a verdict on every item of a store, from facts alone. Runs and replays come through here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from thaman_contracts.events.optimizer import Disposition
from thaman_contracts.ids import item_key, proposal_id
from thaman_optimizer.domain.advice import ENGINE_VERSION, advise
from thaman_optimizer.domain.engine import Finding, Move, analyse
from thaman_optimizer.domain.facts import InputDigester, Inputs, ItemFacts, StoreFacts
from thaman_optimizer.errors import AdviceFailed


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to become of an item's price, and the facts that this was found from."""

    item: ItemFacts
    finding: Finding
    inputs: Inputs

    @property
    def key(self) -> str:
        """The item's key."""
        return item_key(self.item.product_id, self.item.variant_id)

    @property
    def disposition(self) -> Disposition:
        """What happens with it."""
        return self.finding.course.disposition if isinstance(self.finding, Move) else Disposition.HOLD

    def proposal_id(self, run_id: UUID) -> UUID:
        """The id of what a run says of the item."""
        return proposal_id(run_id, self.key)


def judge(store: StoreFacts, items: Sequence[ItemFacts], now: datetime) -> list[Verdict]:
    """A verdict on every item, in the order of ``items``, whose pasts have to be loaded.

    The engine is asked once for all of them, and its digest of what it was told is part of every item's. What it
    expects of a price is worked out for the one that the guards let through.

    Raises:
        AdviceFailed: the engine gave no answer. The same facts would fail again, and nothing else is ever taken in its
            place.
    """
    try:
        advised = advise(store, items, now)
    except Exception as error:
        raise AdviceFailed(f"the pricing engine failed: {type(error).__name__}: {error}") from error
    digest = InputDigester(ENGINE_VERSION, store, now, advised.digest)
    findings: dict[str, Finding] = {}
    for item in items:
        key = item_key(item.product_id, item.variant_id)
        findings[key] = analyse(store, item, now, advice=advised.by_item.get(key))
    moves = {key: found for key, found in findings.items() if isinstance(found, Move)}
    for key, outlook in advised.outlooks({key: move.shelf_price for key, move in moves.items()}).items():
        findings[key] = replace(moves[key], outlook=outlook)
    return [Verdict(item, findings[item_key(item.product_id, item.variant_id)], digest(item)) for item in items]
