"""An offer from what was read, the same way whether a page or a feed was read."""

import asyncio
from collections.abc import Collection
from datetime import datetime
from typing import Any

from thaman_contracts.events.optimizer import Offer, OfferFitness
from thaman_contracts.money import BP_ONE, add_bp
from thaman_kit import metrics
from thaman_optimizer.domain.floor import HIGHEST_AMOUNT
from thaman_optimizer.domain.localtime import RIYADH
from thaman_optimizer.domain.reading import Reading
from thaman_optimizer.errors import PageError, PageRefused, PageUnreachable, PageUnreadable
from thaman_optimizer.ports import Link, Read

PAGES = metrics.counter("optimizer_pages", "Competitors' pages asked for, by what came of it.", ["fitness"])

LATE = Reading(OfferFitness.UNREACHABLE, detail="the run's time for reading pages was over")
"""What is said of a link that was not read in time."""

_FITNESS: dict[type[PageError], OfferFitness] = {
    PageRefused: OfferFitness.REFUSED,
    PageUnreachable: OfferFitness.UNREACHABLE,
    PageUnreadable: OfferFitness.UNREADABLE,
}


def not_read(error: PageError) -> Reading:
    """What is said of a link whose page or feed gave no answer."""
    fitness = next(fitness for kind, fitness in _FITNESS.items() if isinstance(error, kind))
    return Reading(fitness, detail=str(error)[:300])


def offer_of(
    link: Link, reading: Reading, vat_bp: int, now: datetime, digest: str | None, observed_at: datetime | None = None
) -> Offer:
    """The offer that a reading is for a link.

    A price without VAT is raised by ``vat_bp``. How sure the offer is, is how sure its reading is, times how sure it is
    that the page sells the item. ``observed_at`` is now unless what was read says when it was true.
    """
    reading = reading.on(now.astimezone(RIYADH).date())
    price = reading.price
    if price is not None and not reading.with_vat:
        price = min(add_bp(price, vat_bp), HIGHEST_AMOUNT)
    foreign = reading.fitness is OfferFitness.USABLE and reading.currency != link.currency
    return Offer(
        product_id=link.product_id,
        variant_id=link.variant_id,
        competitor=link.competitor,
        url=link.url,
        fitness=OfferFitness.FOREIGN_CURRENCY if foreign else reading.fitness,
        price=price,
        currency=reading.currency,
        in_stock=reading.in_stock,
        confidence_bp=reading.confidence_bp * link.confidence_bp // BP_ONE,
        observed_at=observed_at or now,
        digest=digest,
        detail=reading.detail,
        evidence=reading.evidence,
    )


def counted(answers: list[Read]) -> list[Read]:
    """The same answers, which the metrics now know of."""
    for answer in answers:
        PAGES.labels(answer.offer.fitness.value).inc()
    return answers


async def not_in_time(tasks: Collection[asyncio.Task[Any]], seconds: float) -> set[asyncio.Task[Any]]:
    """Wait for tasks; those that take longer than so many seconds are given up, and returned."""
    if not tasks:
        return set()
    _, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return late
