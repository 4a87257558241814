"""The robust reference price of the market: a weighted median of fit offers, or none at all.

As ``pricing.md`` 1.2: weight = confidence² x 2^(-age/4 days); only offers in stock, fresh, understood well enough and
near the own price; one offer a rival; weighted median; offers further from it than three scaled median absolute
deviations (in log price, clipped to factors 1.15 and 1.5) are cut; weighted median again. All of it in integers, so
that every machine computes the same: ratios are in basis points and log distances are compared as powers of ratios.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from thaman_contracts.events.optimizer import OfferFitness
from thaman_contracts.money import BP_ONE
from thaman_optimizer.domain import policy
from thaman_optimizer.domain.facts import OfferFacts

_STEPS = 16
# 2^(-j/16) x 2^30, rounded: the age is measured in sixteenths of the half-life.
_DECAY = (
    1073741824,
    1028218693,
    984625594,
    942880699,
    902905651,
    864625413,
    827968132,
    792865000,
    759250125,
    727060411,
    696235434,
    666717336,
    638450708,
    611382493,
    585461881,
    560640218,
)
_ONE = BP_ONE**2 << 30


@dataclass(frozen=True, slots=True)
class Reference:
    """What the market says.

    ``price`` is ``None`` when it says nothing usable. ``fit`` counts rivals before the outlier cut, ``used`` after it,
    ``cut`` the offers cut; ``weight_bp`` is the combined weight (10,000 = one fresh, certain offer).
    """

    price: int | None
    fit: int
    used: int
    cut: int
    weight_bp: int


@dataclass(frozen=True, slots=True)
class _Weighed:
    price: int
    weight: int


def reference_of(offers: Sequence[OfferFacts], own_price: int, now: datetime, max_age: timedelta) -> Reference:
    """The reference price of ``offers`` for an item that costs ``own_price`` on the shelf now."""
    fit = [_Weighed(offer.price or 0, _weight(offer, now)) for offer in _per_rival(offers, own_price, now, max_age)]
    if not fit:
        return Reference(price=None, fit=0, used=0, cut=0, weight_bp=0)
    used = _without_outliers(fit)
    weight_bp = sum(offer.weight for offer in used) * BP_ONE // _ONE
    return Reference(
        price=_median(used) if weight_bp >= policy.REFERENCE_MIN_WEIGHT_BP else None,
        fit=len(fit),
        used=len(used),
        cut=len(fit) - len(used),
        weight_bp=weight_bp,
    )


def is_fit(offer: OfferFacts, own_price: int, now: datetime, max_age: timedelta) -> bool:
    """Whether one offer may count at all."""
    return (
        offer.fitness is OfferFitness.USABLE
        and offer.price is not None
        and offer.price > 0
        and offer.in_stock is not False
        and offer.confidence_bp >= policy.MATCH_CONFIDENCE_MIN_BP
        and now - offer.observed_at <= max_age
        and _near(offer.price, own_price)
    )


def _near(price: int, own_price: int) -> bool:
    low, high = sorted((price, own_price))
    return low > 0 and high * BP_ONE <= low * policy.NEIGHBOURHOOD_BP


def _per_rival(offers: Sequence[OfferFacts], own_price: int, now: datetime, max_age: timedelta) -> list[OfferFacts]:
    """The newest fit offer of each rival (of equally new ones the cheapest): two pages are not two rivals."""
    best: dict[str, OfferFacts] = {}
    for offer in offers:
        if is_fit(offer, own_price, now, max_age):
            known = best.get(offer.competitor)
            if known is None or _preference(offer, now) < _preference(known, now):
                best[offer.competitor] = offer
    return [best[name] for name in sorted(best)]


def _preference(offer: OfferFacts, now: datetime) -> tuple[timedelta, int, str]:
    return (now - offer.observed_at, offer.price or 0, offer.url)


def _weight(offer: OfferFacts, now: datetime) -> int:
    age = max(timedelta(0), now - offer.observed_at) // timedelta(minutes=1)
    halvings, step = divmod(age * _STEPS // policy.OFFER_HALF_LIFE_MINUTES, _STEPS)
    return offer.confidence_bp**2 * _DECAY[step] >> halvings


def _median(offers: Sequence[_Weighed]) -> int:
    """The weighted median; between two equal halves the lower price, so that a doubt never raises a price."""
    ordered = sorted(offers, key=lambda offer: (offer.price, offer.weight))
    half = sum(offer.weight for offer in ordered)
    seen = 0
    for offer in ordered:
        seen += 2 * offer.weight
        if seen >= half:
            return offer.price
    return ordered[-1].price


def _without_outliers(offers: Sequence[_Weighed]) -> list[_Weighed]:
    median = _median(offers)
    ratios = [_ratio_bp(offer.price, median) for offer in offers]
    typical = _median([_Weighed(ratio, offer.weight) for ratio, offer in zip(ratios, offers, strict=True)])
    return [offer for ratio, offer in zip(ratios, offers, strict=True) if not _is_outlier(ratio, typical)]


def _ratio_bp(price: int, median: int) -> int:
    low, high = sorted((price, median))
    return high * BP_ONE // low


def _is_outlier(ratio: int, typical: int) -> bool:
    """Whether log(ratio) > 3 x 1.4826 x log(typical), taken as 4.5 x: ratio² > typical⁹, clipped."""
    if ratio <= policy.OUTLIER_MIN_BP:
        return False
    return ratio > policy.OUTLIER_MAX_BP or ratio**2 * BP_ONE**7 > typical**9
