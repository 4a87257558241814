"""Calling Salla for the attempts of a batch, and saying of each what is known about its effect.

Only base prices are written, as absolute values: simple products one by one or queued, variants one by one.
``sale_price`` is never sent, because writing it would announce a discount.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from thaman_kit.faultpoint import faultpoint
from thaman_onboarding.adapters.catalogue_store import StoreView
from thaman_onboarding.adapters.salla_api import SallaApi
from thaman_onboarding.adapters.salla_errors import SallaBlocked, SallaGone
from thaman_onboarding.domain.catalogue import SeenItem
from thaman_onboarding.domain.settling import BULK, OpenDecision, WritePolicy
from thaman_onboarding.errors import (
    NotConnected,
    SallaBusy,
    SallaMalformed,
    SallaRefused,
    SallaUnauthorized,
    SallaUncertain,
    SallaUnreachable,
)
from thaman_onboarding.observation.mapping import seen_items, variant_item

SINGLE = "single"
VARIANT = "variant"


@dataclass(frozen=True, slots=True)
class Answered:
    """Salla took the write and showed the item as it is now, in its answer or (``read_back``) when asked again."""

    seen: SeenItem
    settled_by: str = "answer"


@dataclass(frozen=True, slots=True)
class Queued:
    """Salla put the write into its queue."""


@dataclass(frozen=True, slots=True)
class NoEffect:
    """The write was certainly not made; it may be tried again after ``delay`` seconds.

    ``blocked`` says that Salla does not let us in for this store.
    """

    reason: str
    delay: float
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Salla will never make this write; ``gone`` says that the item is not there."""

    detail: str
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """The write may or may not have been made."""

    reason: str


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Salla took the write, yet shows another price, also when asked again."""

    seen: SeenItem


Outcome = Answered | Queued | NoEffect | Refused | Unknown | Mismatch


@dataclass(frozen=True, slots=True)
class Attempt:
    """One decided price about to be written, the call for it, and the item as it was read just before."""

    pending: OpenDecision
    call: str
    number: int
    before: SeenItem
    product: SeenItem

    @property
    def id(self) -> UUID:
        """The decision's id."""
        return self.pending.id


def choose_calls(
    pending: Sequence[OpenDecision], policy: WritePolicy, room: int | None
) -> list[tuple[OpenDecision, str]]:
    """Which call writes which decision, as many as the store's budget has room for.

    A first attempt at many simple products is queued together; a queued call that failed is followed by single ones,
    whose answer shows the result.
    """
    fresh = [one for one in pending if one.decision.variant_id is None and one.attempt == 0]
    bulk = {one.id for one in fresh} if len(fresh) >= policy.bulk_threshold else set()
    chosen = [(one, BULK) for one in pending if one.id in bulk]
    queued_calls = -(-len(chosen) // policy.bulk_size)
    singles = [one for one in pending if one.id not in bulk]
    if room is not None:
        chosen = chosen[: max(room, 0) * policy.bulk_size]
        singles = singles[: max(room - queued_calls, 0)]
    return chosen + [(one, SINGLE if one.decision.variant_id is None else VARIANT) for one in singles]


class PriceCaller:
    """Makes the calls of a batch."""

    def __init__(self, api: SallaApi, policy: WritePolicy) -> None:
        self._api = api
        self._policy = policy

    async def make(
        self, store: StoreView, attempts: Sequence[Attempt], allowed: Callable[[], Awaitable[bool]]
    ) -> dict[UUID, Outcome]:
        """Make all calls, in order; gives each decision's outcome.

        Before a call, ``allowed`` is asked again unless it was just now.
        Once Salla does not let us go on, or writing was stopped, the rest is not sent.
        """
        outcomes: dict[UUID, Outcome] = {}
        checked = time.monotonic()
        for batch in self._batches(attempts):
            if time.monotonic() - checked > self._policy.recheck:
                if not await allowed():
                    outcomes |= dict.fromkeys(_rest(attempts, outcomes), NoEffect("writing was stopped", 0.0))
                    break
                checked = time.monotonic()
            faultpoint("onboarding.write.call.before")
            made = await self._attempt(store, batch)
            faultpoint("onboarding.write.call.after")
            outcomes |= made
            stop = next((one for one in made.values() if isinstance(one, NoEffect)), None)
            if stop is not None:
                outcomes |= dict.fromkeys(_rest(attempts, outcomes), stop)
                break
        return outcomes

    def _batches(self, attempts: Sequence[Attempt]) -> list[list[Attempt]]:
        bulk = [one for one in attempts if one.call == BULK]
        size = self._policy.bulk_size
        batches = [bulk[start : start + size] for start in range(0, len(bulk), size)]
        return batches + [[one] for one in attempts if one.call != BULK]

    async def _attempt(self, store: StoreView, batch: list[Attempt]) -> dict[UUID, Outcome]:
        try:
            return await self._send(store, batch)
        except SallaBusy as error:
            outcome: Outcome = NoEffect(str(error), error.retry_after)
        except SallaUnreachable as error:
            outcome = NoEffect(str(error), self._policy.backoff(2))
        except (SallaUnauthorized, NotConnected) as error:
            outcome = NoEffect(str(error), 0.0)
        except SallaBlocked as error:
            outcome = NoEffect(str(error), 0.0, blocked=True)
        except SallaRefused as error:
            outcome = _refused(error, batch[0].call)
        except (SallaUncertain, SallaMalformed, ValueError) as error:
            outcome = Unknown(f"{type(error).__name__}: {error}")
        return dict.fromkeys((one.id for one in batch), outcome)

    async def _send(self, store: StoreView, batch: list[Attempt]) -> dict[UUID, Outcome]:
        first = batch[0]
        decision = first.pending.decision
        if first.call == BULK:
            prices = [(one.pending.decision.product_id, one.pending.decision.base_price) for one in batch]
            await self._api.queue_prices(store.store_id, prices)
            return dict.fromkeys((one.id for one in batch), Queued())
        if decision.variant_id is not None:
            sku = await self._api.set_variant_price(store.store_id, decision.variant_id, decision.base_price)
            item = variant_item(first.product.item, sku, store.basis, taxable=first.before.taxable)
            return {first.id: Answered(SeenItem(item, first.before.taxable))}
        product = await self._api.set_product_price(store.store_id, decision.product_id, decision.base_price)
        shown = {one.key: one for one in seen_items(product, store.basis, product.currency or store.currency)}
        return {first.id: Answered(shown[decision.product_id])}


def _refused(error: SallaRefused, call: str) -> Outcome:
    """A refusal of one item is final; of a queued call it may be another item's fault, so each is tried alone."""
    detail = f"{error} {getattr(error, 'fields', '')}".strip()
    if call == BULK:
        return NoEffect(detail, 0.0)
    return Refused(detail, gone=isinstance(error, SallaGone))


def _rest(attempts: Sequence[Attempt], done: dict[UUID, Outcome]) -> list[UUID]:
    return [one.id for one in attempts if one.id not in done]
