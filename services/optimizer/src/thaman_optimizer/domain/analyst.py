"""The Analyst: a verdict on every item of a store, from facts alone. Runs and replays come through here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from thaman_contracts.events.optimizer import Disposition
from thaman_contracts.ids import item_key, proposal_id
from thaman_optimizer.domain.advice import advise, engine_version
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
    """A verdict on every item, in the order of ``items``.

    Where the strategy is demand, its model is asked once for all of them (whose pasts have to be loaded), and its
    digest of what it was told is part of every item's.

    Raises:
        AdviceFailed: the demand model gave no answer. The same facts would fail again, and no other strategy is ever
            taken in its place.
    """
    try:
        advised = advise(store, items, now)
    except Exception as error:
        raise AdviceFailed(f"the demand model failed: {type(error).__name__}: {error}") from error
    digest = InputDigester(engine_version(store.settings), store, now, advised.digest)
    verdicts = []
    for item in items:
        advice = advised.by_item.get(item_key(item.product_id, item.variant_id))
        verdicts.append(Verdict(item, analyse(store, item, now, advice=advice), digest(item)))
    return verdicts
