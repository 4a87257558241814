"""One answer from what a page's sources say: they agree, or one cannot tell."""

from collections.abc import Sequence
from typing import Any

from thaman_contracts.events.optimizer import OfferEvidence, OfferFitness, OfferSource
from thaman_optimizer.domain.reading.answers import Reading, cannot_tell
from thaman_optimizer.domain.reading.claims import Claim
from thaman_optimizer.domain.reading.letters import shown
from thaman_optimizer.domain.reading.trust import AGREED_BP, ALONE_BP, CERTAIN_BP, RANGE_BP, UNSAID_BP

MOST_EVIDENCE = 200
"""Letters of each piece of evidence."""


def agreed(claims: Sequence[Claim], text: Claim | None) -> Reading:
    """The page's answer from the claims of its structured data, in order of precedence, and of its visible text."""
    every = [*claims, *([] if text is None else [text])]
    final = next((claim for claim in every if claim.final), None)
    if final is not None:
        return _without(final, every)
    priced = [claim for claim in claims if claim.price is not None]
    if priced:
        return _held_together(priced, text, every)
    unclear = next((claim for claim in claims if claim.fitness is OfferFitness.UNREADABLE), None)
    if unclear is None and text is not None:
        return _reading(text, [], every) if text.price is not None else _without(text, every)
    if unclear is None and not claims:
        return cannot_tell("it has no price that can be read, neither for machines nor for people")
    return _without(unclear or claims[0], every)


def _held_together(priced: Sequence[Claim], text: Claim | None, every: Sequence[Claim]) -> Reading:
    best, *others = priced
    if any(not best.agrees_with(other) for other in others):
        return cannot_tell("its sources disagree on the price", _evidence(every))
    witness = text if text is not None and text.price is not None and not _is_other_side_of_vat(best, text) else None
    if witness is not None and not best.agrees_with(witness):
        return cannot_tell("its text shows another price than its structured data", _evidence(every))
    # What people are shown of stock may be about one choice of several, and contradicts nothing.
    if len({one.in_stock for one in priced} - {None}) > 1:
        return cannot_tell("its sources disagree on stock", _evidence(every))
    voices = [*others, *([] if witness is None else [witness])]
    if len({one.with_vat for one in (best, *voices)} - {None}) > 1:
        return cannot_tell("its sources disagree on VAT", _evidence(every))
    return _reading(best, voices, every)


def _is_other_side_of_vat(best: Claim, text: Claim) -> bool:
    """Whether one gives a price with VAT and the other a lower one without: then they differ rightly."""
    assert best.price is not None and text.price is not None
    if None in (best.with_vat, text.with_vat) or best.with_vat is text.with_vat:
        return False
    gross, net = (best, text) if best.with_vat else (text, best)
    return (net.price or 0) < (gross.price or 0)


def _reading(best: Claim, voices: Sequence[Claim], every: Sequence[Claim]) -> Reading:
    heard = [best, *voices]
    # For how sure it is only the data count; where those are silent the text is better than nothing.
    said = any(one.in_stock is not None for one in heard if one.source is not OfferSource.TEXT)
    in_stock = next((one.in_stock for one in heard if one.in_stock is not None), None)
    with_vat = next((one.with_vat for one in heard if one.with_vat is not None), None)
    return Reading(
        OfferFitness.OUT_OF_STOCK if in_stock is False else OfferFitness.USABLE,
        price=best.price,
        currency=best.currency,
        in_stock=in_stock,
        with_vat=with_vat is not False,
        confidence_bp=_confidence(best, len(voices), stock_said=said),
        detail="lowest of several prices" if best.ranged else best.detail,
        valid_until=best.valid_until,
        evidence=_evidence(every),
    )


def _confidence(best: Claim, agreeing: int, *, stock_said: bool) -> int:
    alone = ALONE_BP[best.source]
    if best.source is OfferSource.TEXT:
        return alone
    if not stock_said:
        alone = min(alone, UNSAID_BP)
    together = min(alone + agreeing * AGREED_BP, CERTAIN_BP)
    return min(together, RANGE_BP) if best.ranged else together


def _without(claim: Claim, every: Sequence[Claim]) -> Reading:
    return Reading(claim.fitness, detail=claim.detail, evidence=_evidence(every))


def _evidence(every: Sequence[Claim]) -> OfferEvidence:
    """What the sources said, the first one's words where several say something; bounded, and free of controls."""
    words: dict[str, Any] = {}
    for claim in every:
        for name, value in claim.said.items():
            if value is not None and name not in words:
                words[name] = shown(str(value), MOST_EVIDENCE)
    return OfferEvidence(
        sources=tuple(claim.source for claim in every), **{name: text for name, text in words.items() if text}
    )
