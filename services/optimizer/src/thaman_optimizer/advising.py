"""Asking a crew about a run's market, where the store wants it and the budget lets it.

Advice can help and is never needed: whatever goes wrong is recorded as the reason why there is none, and the run goes
on.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from time import monotonic

from thaman_contracts.events.advice import AssessmentOutcome, AssessmentReason
from thaman_contracts.events.settings import AdviceMode
from thaman_contracts.ids import item_key
from thaman_kit import metrics
from thaman_kit.clock import Clock
from thaman_kit.logging import get_logger
from thaman_optimizer.domain.approval import not_priced
from thaman_optimizer.domain.breaker import Breaker, BreakerRules
from thaman_optimizer.domain.brief import Brief, brief_of, prompt_digest
from thaman_optimizer.domain.budget import Allowance, Usage
from thaman_optimizer.domain.clamping import clamp
from thaman_optimizer.domain.facts import ItemFacts, StoreFacts
from thaman_optimizer.domain.run import Found
from thaman_optimizer.ports import Advisor, Facts, MarketMemory, Told

log = get_logger(__name__)

ASKED = metrics.counter("optimizer_advice", "Runs to be asked about, by outcome.", ("outcome", "reason"))
TOKENS = metrics.counter("optimizer_advice_tokens", "Tokens that advice has used.")
COST = metrics.counter("optimizer_advice_micro_usd", "What advice has cost, in millionths of a US dollar.")


@dataclass(frozen=True, slots=True)
class Budget:
    """What one run may use, and all runs of a store within a day (UTC) together."""

    run: Allowance
    day: Allowance


class Advising:
    """Asks for advice. One for a process: the breaker is about the endpoint that all stores share."""

    def __init__(
        self,
        facts: Facts,
        market: MarketMemory,
        advisor: Advisor | None,
        budget: Budget,
        clock: Clock,
        rules: BreakerRules = BreakerRules(),  # noqa: B008 - frozen
    ) -> None:
        self._facts = facts
        self._market = market
        self._advisor = advisor
        self._budget = budget
        self._clock = clock
        self._breaker = Breaker(rules)

    def is_wanted(self, store: StoreFacts) -> bool:
        """Whether the store's runs are to have advice."""
        return store.settings.advice is AdviceMode.CREW

    async def ask(self, store: StoreFacts, items: Callable[[], Sequence[ItemFacts]], now: datetime) -> Found:
        """What a crew says of the store's items, or why it says nothing; ``now`` is the run's instant.

        ``items`` gives them with their pasts. It may block, and is called only where somebody is to be asked.
        """
        found = await self._ask(store, items, now)
        ASKED.labels(found.outcome.value, "" if found.reason is None else found.reason.value).inc()
        TOKENS.inc(found.input_tokens + found.output_tokens)
        COST.inc(found.cost_micro_usd)
        log.info("advice", outcome=found.outcome.value, reason=found.reason, items=len(found.advice))
        return found

    async def _ask(self, store: StoreFacts, items: Callable[[], Sequence[ItemFacts]], now: datetime) -> Found:
        if self._advisor is None:
            return _skipped(AssessmentReason.NO_CREW)
        if not_priced(store) is not None:
            return _skipped(AssessmentReason.STORE_NOT_PRICED)
        brief = await asyncio.to_thread(self._brief, store, items, now)
        if not brief.items:
            return _skipped(AssessmentReason.NOTHING_TO_ASK)
        allowance = await asyncio.to_thread(self._allowance, store.store_id)
        if not allowance.permits(Usage(1, 1), self._advisor.prices):
            return _skipped(AssessmentReason.DAY_BUDGET)
        asked_at = self._clock.now()
        if not self._breaker.lets(asked_at):
            return _skipped(AssessmentReason.BREAKER_OPEN)
        self._breaker = self._breaker.asked(asked_at)
        return await self._told(self._advisor, brief, allowance)

    async def _told(self, advisor: Advisor, brief: Brief, allowance: Allowance) -> Found:
        began = monotonic()
        try:
            told = await advisor.advise(brief, allowance)
        except Exception:
            # Advice is never needed: a mistake of ours in getting it must not stop prices.
            log.exception("crew_broke")
            told = Told(Usage(), failure=AssessmentReason.CREW_BROKE)
        took = round((monotonic() - began) * 1_000)
        spent_out = told.failure is AssessmentReason.RUN_BUDGET
        self._breaker = self._breaker.answered(self._clock.now(), well=told.failure is None or spent_out)
        usage = told.usage
        found = Found(
            outcome=AssessmentOutcome.OK if told.failure is None else AssessmentOutcome.FAILED,
            reason=told.failure,
            items_shown=len(brief.items),
            model=advisor.model,
            prompt_version=advisor.prompt_version,
            prompt_digest=prompt_digest(brief.document, advisor.prompt_version),
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            estimated=usage.estimated,
            cost_micro_usd=advisor.prices.cost(usage),
            latency_ms=took,
            brief=brief.document,
            allowed_tokens=allowance.tokens,
            allowed_micro_usd=allowance.micro_usd,
        )
        if told.failure is not None:
            return found
        clamped = clamp(told.answer, brief)
        return replace(
            found,
            advice=clamped.assessment.advice,
            summary_ar=clamped.summary_ar,
            summary_en=clamped.summary_en,
            ignored=clamped.ignored,
        )

    def _brief(self, store: StoreFacts, items: Callable[[], Sequence[ItemFacts]], now: datetime) -> Brief:
        known = items()
        keys = [item_key(item.product_id, item.variant_id) for item in known if item.offers]
        return brief_of(store, known, self._facts.names(store.store_id, keys), now)

    def _allowance(self, store_id: str) -> Allowance:
        midnight = datetime.combine(self._clock.now().astimezone(UTC).date(), time(), tzinfo=UTC)
        return self._budget.run.least(self._budget.day.less(*self._market.advice_spent(store_id, midnight)))


def _skipped(reason: AssessmentReason) -> Found:
    return Found(AssessmentOutcome.SKIPPED, reason)
