"""The Analyst: a verdict on every item of a store, from facts alone. Runs and replays come through here."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from thaman_contracts.events.optimizer import Disposition
from thaman_contracts.events.policies import PolicyStage
from thaman_contracts.ids import item_key, proposal_id
from thaman_optimizer.domain.advice import ENGINE_VERSION, advise
from thaman_optimizer.domain.assessment import NO_ADVICE, Assessment
from thaman_optimizer.domain.engine import Finding, Move, analyse
from thaman_optimizer.domain.facts import InputDigester, Inputs, ItemFacts, PolicyFacts, StoreFacts
from thaman_optimizer.domain.overlay import deciding, under
from thaman_optimizer.domain.tempering import Pair, temper
from thaman_optimizer.domain.together import keep_together
from thaman_optimizer.errors import AdviceFailed


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to become of an item's price, and the facts that this was found from.

    ``store`` has the settings that hold under the policy that decided, which is its ``policy``.
    """

    store: StoreFacts
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


def judge(
    store: StoreFacts, items: Sequence[ItemFacts], now: datetime, assessment: Assessment = NO_ADVICE
) -> list[Verdict]:
    """A verdict on every item, in the order of ``items``, whose pasts have to be loaded.

    Each is by the policy that decides about the item: the live one, or for its share of products one in canary.
    ``assessment`` is a crew's advice, which is heard under every policy.

    Raises:
        AdviceFailed: the engine gave no answer. The same facts would fail again, and nothing else is ever taken in its
            place.
    """
    live = judge_under(store, store.policy, items, now, assessment)
    trial = store.trial
    if trial is None or trial.stage is not PolicyStage.CANARY:
        return live
    tried = judge_under(store, trial, items, now, assessment)
    return [new if deciding(store, new.item) is trial else old for old, new in zip(live, tried, strict=True)]


def judge_in_shadow(
    store: StoreFacts, items: Sequence[ItemFacts], now: datetime, assessment: Assessment = NO_ADVICE
) -> list[Verdict]:
    """What the policy in shadow would make of every item; nothing where none is.

    Raises:
        AdviceFailed: as :func:`judge`.
    """
    trial = store.trial
    if trial is None or trial.stage is not PolicyStage.SHADOW:
        return []
    return judge_under(store, trial, items, now, assessment)


def judge_under(
    store: StoreFacts,
    policy: PolicyFacts | None,
    items: Sequence[ItemFacts],
    now: datetime,
    assessment: Assessment = NO_ADVICE,
) -> list[Verdict]:
    """A verdict on every item by one policy, or by the settings alone.

    The engine is asked once for all of them, and its digest of what it was told is part of every item's. What it
    expects of a price is worked out for the one that the guards let through. Where there is advice all is done twice,
    without it and with it, so that advice can be held to what it may do.

    Raises:
        AdviceFailed: as :func:`judge`.
    """
    store = under(store, policy)
    plain = _find(store, items, now)
    findings = plain.by_item
    if assessment.advice:
        told = _find_told(store, items, now, assessment) or plain
        pairs = {key: Pair(found, told.by_item[key]) for key, found in plain.by_item.items()}
        findings = temper(store, items, pairs, assessment, now)
    digest = InputDigester(ENGINE_VERSION, store, now, plain.digest, assessment.digest)
    keys = [item_key(item.product_id, item.variant_id) for item in items]
    return [Verdict(store, item, findings[key], digest(item)) for key, item in zip(keys, items, strict=True)]


@dataclass(frozen=True, slots=True)
class _Found:
    """Findings by item key, and the digest of what the engine was told."""

    by_item: dict[str, Finding]
    digest: str | None


def _find_told(store: StoreFacts, items: Sequence[ItemFacts], now: datetime, assessment: Assessment) -> _Found | None:
    """The findings with advice; ``None`` where the engine cannot take it, because it answered without it."""
    try:
        return _find(store, [assessment.heard(item) for item in items], now, assessment.demand_bp)
    except AdviceFailed:
        return None


def _find(
    store: StoreFacts, items: Sequence[ItemFacts], now: datetime, demand_bp: Mapping[str, int] | None = None
) -> _Found:
    with _engine():
        advised = advise(store, items, now, demand_bp or {})
    keys = [item_key(item.product_id, item.variant_id) for item in items]
    alone = {
        key: analyse(store, item, now, advice=advised.by_item.get(key)) for key, item in zip(keys, items, strict=True)
    }
    findings = keep_together(store, items, alone, now)
    moves = {key: found for key, found in findings.items() if isinstance(found, Move)}
    with _engine():
        outlooks = advised.outlooks({key: move.shelf_price for key, move in moves.items()})
    for key, outlook in outlooks.items():
        findings[key] = replace(moves[key], outlook=outlook)
    return _Found(findings, advised.digest)


@contextmanager
def _engine() -> Iterator[None]:
    """Whatever goes wrong in the engine is one thing: it gave no answer."""
    try:
        yield
    except Exception as error:
        raise AdviceFailed(f"the pricing engine failed: {type(error).__name__}: {error}") from error
