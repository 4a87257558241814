"""For tests of ``check_world``: the events of a whole run that had advice, as the optimizer itself makes them."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.support.facts import NO_PAST, make_item, make_offer, make_store
from tests.support.planted import LATER, STORE
from thaman_contracts.events import EventData, onboarding, optimizer
from thaman_contracts.events.advice import AssessmentOutcome, ItemAdvice, OfferAdvice, OfferVerdict
from thaman_contracts.events.scheduler import Trigger
from thaman_contracts.events.settings import StoreSettings
from thaman_contracts.ids import run_id
from thaman_kit.domain import DomainEvent
from thaman_optimizer.domain.analyst import Verdict, judge
from thaman_optimizer.domain.assessment import Assessment
from thaman_optimizer.domain.engine import Move
from thaman_optimizer.domain.facts import ItemFacts
from thaman_optimizer.domain.proposal import Proposal, Ruling
from thaman_optimizer.domain.run import Found, Market, Run

RUN = run_id(STORE, "advised")
SETTINGS = {"mode": "manual", "ending": "exact", "advice": "crew"}
SHOP = make_store(store_id=STORE, settings=SETTINGS, settings_version=2, catalogue_at=LATER - timedelta(hours=1))

MOVED, HELD, RESCUED, RISKY = "1", "2", "3", "4"
"""Products: one whose price moves, one that is right, one below its floor, one whose step is of medium risk."""


def wanted(**changes: Any) -> onboarding.StoreSettingsChanged:
    """The merchant switches advice on before the run."""
    settings = StoreSettings.model_validate(SETTINGS | changes)
    at = LATER - timedelta(minutes=30)
    return onboarding.StoreSettingsChanged(
        store_id=STORE, occurred_at=at, settings_version=2, settings=settings, changed_by="m"
    )


def item(product: str, *prices: int, **changes: Any) -> ItemFacts:
    """An item whose rivals were read a few minutes before the run."""
    seen = LATER - timedelta(minutes=5)
    offers = tuple(make_offer(price, f"rival{number}", observed_at=seen) for number, price in enumerate(prices))
    return make_item(product_id=product, offers=offers, past=NO_PAST, **changes)


ITEMS = (
    item(MOVED, 9_000, 9_100, 9_700, 9_750, 9_760),
    item(HELD, 9_700, 10_000, 10_000, 10_000),
    item(RESCUED, 9_600, 9_700, 9_800, cost=9_500),
    item(RISKY, 8_800, 8_850, 8_900, 8_950),
)


def drop(*numbers: int) -> tuple[OfferAdvice, ...]:
    """Advice to leave out the offers of these rivals."""
    return tuple(OfferAdvice(url=f"https://rival{number}.example/p", verdict=OfferVerdict.DROP) for number in numbers)


def advice(product: str, **said: Any) -> ItemAdvice:
    """Advice on one item, not held to any bound that readers keep."""
    return ItemAdvice(product_id=product).model_copy(update=said)


SOUND = (advice(MOVED, offers=drop(0, 1)), advice(HELD, hold=True))
"""Advice that may be given."""


def advised_run(
    *said: ItemAdvice,
    found: dict[str, Any] | None = None,
    spoil: Callable[[Verdict], Verdict] = lambda verdict: verdict,
    without: frozenset[str] = frozenset(),
) -> list[DomainEvent]:
    """The events of the run; ``found`` changes what became of asking, ``spoil`` a verdict before it is said.

    Items of ``without`` are not of the run.
    """
    told = Assessment(said or SOUND)
    items = [one for one in ITEMS if one.product_id not in without]
    run = Run(RUN)
    run.start(SHOP, Trigger.SCHEDULE, LATER, len(items), LATER)
    run.hand_over([], Market(len(items), 0, 0, 0, 0), LATER)
    usual = Found(AssessmentOutcome.OK, advice=told.advice, input_tokens=900, output_tokens=100, cost_micro_usd=50)
    allowed = {"allowed_tokens": 1_000, "allowed_micro_usd": 50}
    run.assess(replace(usual, **allowed | (found or {})), LATER)
    events = list(run.collect_events())
    for verdict in judge(SHOP, items, LATER, told):
        events += _said(spoil(verdict))
    run.complete(_statistics(len(items)), LATER)
    return [*events, *run.collect_events()]


def _said(verdict: Verdict) -> Iterable[DomainEvent]:
    ruling, proposal = Ruling(RUN, SHOP, LATER), Proposal.of(RUN, verdict.item)
    if isinstance(verdict.finding, Move):
        proposal.propose(ruling, verdict.item, verdict.finding, verdict.inputs)
    else:
        proposal.hold(ruling, verdict.item, verdict.finding, verdict.inputs)
    return proposal.collect_events()


def _statistics(items: int) -> optimizer.RunStatistics:
    return optimizer.RunStatistics(
        analysed=items, updated=0, asked=0, held=0, skipped=0, competitors=5, offers_usable=5, duration_ms=7
    )


def changed(events: Iterable[EventData], kind: type[EventData], product: str, **fields: Any) -> list[EventData]:
    """The same events with fields of one product's event of a kind changed."""
    return [
        one.model_copy(update=fields) if isinstance(one, kind) and getattr(one, "product_id", None) == product else one
        for one in events
    ]
