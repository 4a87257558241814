"""A pricing run: Scout, Analyst, Executor, each handing over on record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from thaman_contracts.events.advice import AssessmentOutcome, AssessmentReason, ItemAdvice
from thaman_contracts.events.optimizer import Offer, RunStatistics
from thaman_contracts.events.policies import ShadowPrice
from thaman_contracts.events.scheduler import Trigger
from thaman_kit.domain import Aggregate, DomainEvent
from thaman_optimizer.domain.advice import ENGINE_VERSION
from thaman_optimizer.domain.events import (
    MarketAssessed,
    MarketScouted,
    OffersObserved,
    OptimizationCompleted,
    OptimizationFailed,
    OptimizationStarted,
    PricesShadowed,
)
from thaman_optimizer.domain.facts import StoreFacts, store_inputs
from thaman_optimizer.errors import RunError

OFFERS_PER_EVENT = 200
LETTERS_PER_EVENT = 200_000
"""Of other people's words in one event: however long rivals' pages make them, and at four bytes a letter, the event
stays a message of less than a megabyte."""


class Stage(StrEnum):
    """How far a run has come."""

    NEW = "new"
    SCOUTED = "scouted"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Market:
    """What the Scout knows when it hands over, read now or recorded before and still linked."""

    items: int
    links: int
    offers_usable: int
    offers_unusable: int
    competitors: int


@dataclass(frozen=True, slots=True)
class Found:
    """What became of asking for advice; the fields are those of ``MarketAssessed``."""

    outcome: AssessmentOutcome
    reason: AssessmentReason | None = None
    advice: tuple[ItemAdvice, ...] = ()
    summary_ar: str = ""
    summary_en: str = ""
    ignored: int = 0
    items_shown: int = 0
    model: str = ""
    prompt_version: str = ""
    prompt_digest: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    estimated: bool = False
    cost_micro_usd: int = 0
    latency_ms: int = 0
    brief: Mapping[str, Any] = field(default_factory=dict)
    allowed_tokens: int | None = None
    allowed_micro_usd: int | None = None


class Run(Aggregate):
    """One store's run. Its id is derived from what asked for it."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.stage = Stage.NEW
        self.store_id = ""
        self.trigger_kind = Trigger.SCHEDULE
        self.started_at: datetime | None = None
        self.store_inputs: Mapping[str, Any] = {}
        self.scouted: MarketScouted | None = None
        self.assessed: MarketAssessed | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self.stage in (Stage.COMPLETED, Stage.FAILED)

    @property
    def decides_at(self) -> datetime:
        """The instant at which all of the run's decisions are made, so that doing them again gives the same ones."""
        if self.scouted is None:
            raise RunError(f"run {self.id} has not scouted yet")
        return self.scouted.occurred_at

    def start(self, store: StoreFacts, trigger: Trigger, slot: datetime, items: int, now: datetime) -> None:
        """Begin."""
        self._require(Stage.NEW, started=False)
        self.trigger(
            OptimizationStarted,
            store_id=store.store_id,
            occurred_at=now,
            run_id=self.id,
            trigger=trigger,
            slot=slot,
            items=items,
            mode=store.settings.mode,
            settings_version=store.settings_version,
            engine_version=ENGINE_VERSION,
            store_inputs=store_inputs(store),
        )

    def hand_over(self, offers: Sequence[Offer], market: Market, now: datetime) -> None:
        """The Scout's hand-over to the Analyst: the offers read just now, and what is known in all."""
        self._require(Stage.NEW, started=True)
        for page in pages_of(offers):
            self.trigger(OffersObserved, store_id=self.store_id, occurred_at=now, run_id=self.id, offers=page)
        assert self.started_at is not None
        self.trigger(
            MarketScouted,
            store_id=self.store_id,
            occurred_at=now,
            run_id=self.id,
            items=market.items,
            links=market.links,
            offers_usable=market.offers_usable,
            offers_unusable=market.offers_unusable,
            competitors=market.competitors,
            duration_ms=milliseconds(self.started_at, now),
        )

    def assess(self, found: Found, now: datetime) -> None:
        """Record advice on the run's items, or why there is none; once, before anything is said of them."""
        self._require(Stage.SCOUTED, started=True)
        if self.assessed is not None:
            raise RunError(f"run {self.id} has advice already")
        self.trigger(
            MarketAssessed,
            store_id=self.store_id,
            occurred_at=now,
            run_id=self.id,
            **{name: getattr(found, name) for name in Found.__slots__},
        )

    def shadow(self, policy_version: int, prices: Sequence[ShadowPrice], now: datetime) -> None:
        """Record what a policy in shadow made of some items, 200 at most; nothing of it is written."""
        self._require(Stage.SCOUTED, started=True)
        self.trigger(
            PricesShadowed,
            store_id=self.store_id,
            occurred_at=now,
            run_id=self.id,
            policy_version=policy_version,
            prices=tuple(prices),
        )

    def complete(self, statistics: RunStatistics, now: datetime) -> None:
        """End with true numbers."""
        self._require(Stage.SCOUTED, started=True)
        self.trigger(
            OptimizationCompleted,
            store_id=self.store_id,
            occurred_at=now,
            run_id=self.id,
            trigger=self.trigger_kind,
            statistics=statistics,
        )

    def fail(self, store_id: str, stage: str, reason: str, now: datetime) -> None:
        """End without a result."""
        if self.is_over:
            raise RunError(f"run {self.id} is {self.stage.value} already")
        self.trigger(OptimizationFailed, store_id=store_id, occurred_at=now, run_id=self.id, stage=stage, reason=reason)

    def when(self, event: DomainEvent) -> None:
        """Fold one event."""
        match event:
            case OptimizationStarted():
                self.store_id, self.trigger_kind, self.started_at = event.store_id, event.trigger, event.occurred_at
                self.store_inputs = event.store_inputs
            case OffersObserved() | PricesShadowed():
                pass  # kept in tables of their own; the events are their record
            case MarketScouted():
                self.stage, self.scouted = Stage.SCOUTED, event
            case MarketAssessed():
                self.assessed = event
            case OptimizationCompleted():
                self.stage = Stage.COMPLETED
            case OptimizationFailed():
                self.stage = Stage.FAILED
            case _:
                super().when(event)

    def _require(self, stage: Stage, *, started: bool) -> None:
        if self.stage is not stage or (self.started_at is not None) is not started:
            raise RunError(f"run {self.id} is {self.stage.value}; it cannot do that now")


def milliseconds(start: datetime, end: datetime) -> int:
    """Whole milliseconds from ``start`` to ``end``; zero where a clock went backwards."""
    delta = end - start
    return max(0, (delta.days * 86_400 + delta.seconds) * 1_000 + delta.microseconds // 1_000)


def pages_of(offers: Sequence[Offer]) -> Iterator[tuple[Offer, ...]]:
    """The offers in parts that fit an event each, in their order."""
    page: list[Offer] = []
    letters = 0
    for offer in offers:
        letters += _letters(offer)
        if page and (len(page) == OFFERS_PER_EVENT or letters > LETTERS_PER_EVENT):
            yield tuple(page)
            page, letters = [], _letters(offer)
        page.append(offer)
    if page:
        yield tuple(page)


def _letters(offer: Offer) -> int:
    said = () if offer.evidence is None else (text for _, text in offer.evidence if isinstance(text, str))
    return sum(len(text) for text in (offer.url, offer.competitor, offer.detail or "", *said))
