"""From whatever a crew answered to advice: what lies outside the brief or the bounds is left out, and counted. Pure.

The answer is taken to be a stranger's. It may have any shape; only what is understood here comes through.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from thaman_contracts.events.advice import (
    LEAST_DEMAND_BP,
    LONGEST_ADVICE,
    MOST_DEMAND_BP,
    AdviceWhy,
    ItemAdvice,
    OfferAdvice,
    OfferVerdict,
)
from thaman_contracts.events.optimizer import Risk
from thaman_contracts.money import BP_ONE
from thaman_optimizer.domain.assessment import Assessment
from thaman_optimizer.domain.brief import Brief, BriefItem
from thaman_optimizer.domain.plain_text import summary

_KNOWN = frozenset(("item", "drop", "weaken", "demand_factor_bp", "demand_days", "risk", "hold", "why"))
_VERDICTS = (("drop", OfferVerdict.DROP), ("weaken", OfferVerdict.WEAKEN))
_RISKS = {"medium": Risk.MEDIUM, "high": Risk.HIGH}
_MOST_DAYS = LONGEST_ADVICE.days
_USUAL_DAYS = 7
_MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Clamped:
    """What is left of an answer; ``ignored`` counts what was not allowed, not known, or not understood."""

    assessment: Assessment
    summary_ar: str
    summary_en: str
    ignored: int


def clamp(raw: object, brief: Brief) -> Clamped:
    """What of an answer to ``brief`` may be heard."""
    answer: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
    entries = answer.get("items")
    listed: list[Any] = entries if isinstance(entries, list) else []
    found: dict[str, ItemAdvice] = {}
    ignored: Counter[str] = Counter()
    ignored["shape"] += int(not isinstance(raw, Mapping) or not isinstance(entries, list | None))
    for entry in listed:
        item = _meant(entry, brief)
        if item is None or item.ref in found:
            ignored["item"] += 1
            continue
        found[item.ref] = _advice(entry, item, brief, ignored)
    told = tuple(advice for advice in found.values() if _says_something(advice))
    ar, en = (_text(answer.get(f"summary_{language}")) for language in ("ar", "en"))
    return Clamped(Assessment(told), ar, en, min(ignored.total(), _MOST_COUNTED))


def _meant(entry: object, brief: Brief) -> BriefItem | None:
    ref = entry.get("item") if isinstance(entry, Mapping) else None
    return brief.by_ref.get(ref) if isinstance(ref, str) else None


def _advice(entry: Mapping[str, Any], item: BriefItem, brief: Brief, ignored: Counter[str]) -> ItemAdvice:
    ignored["unknown"] += len(entry.keys() - _KNOWN)
    offers, doubted = _offers(entry, item, ignored)
    factor = _factor(entry.get("demand_factor_bp", BP_ONE), ignored)
    risk = _risk(entry.get("risk"), ignored)
    hold = entry.get("hold", False)
    ignored["hold"] += int(not isinstance(hold, bool))
    return ItemAdvice(
        product_id=item.product_id,
        variant_id=item.variant_id,
        offers=offers,
        demand_factor_bp=factor,
        demand_until=None if factor == BP_ONE else brief.at + timedelta(days=_days(entry.get("demand_days"), ignored)),
        least_risk=risk or (Risk.MEDIUM if doubted else None),
        hold=hold is True,
        why=_why(entry.get("why"), ignored),
    )


def _offers(entry: Mapping[str, Any], item: BriefItem, ignored: Counter[str]) -> tuple[tuple[OfferAdvice, ...], bool]:
    """What is said of offers, and whether so much that it says the market itself is in doubt.

    The majority has the word: where more than half of an item's offers are to count less, all of them stay, and the
    item is of medium risk at least. Otherwise one false page could talk all honest ones away.
    """
    known = {offer.ref: offer.url for offer in item.offers}
    said: dict[str, OfferVerdict] = {}
    for name, verdict in _VERDICTS:
        for ref in _listed(entry.get(name), ignored):
            if isinstance(ref, str) and ref in known:
                said.setdefault(known[ref], verdict)
            else:
                ignored["offer"] += 1
    if 2 * len(said) > len(item.offers):
        ignored["majority"] += len(said)
        return (), True
    return tuple(OfferAdvice(url=url, verdict=verdict) for url, verdict in sorted(said.items())), False


def _listed(value: object, ignored: Counter[str]) -> list[Any]:
    if isinstance(value, list):
        return value
    ignored["shape"] += int(value is not None)
    return []


def _factor(value: object, ignored: Counter[str]) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        ignored["demand"] += 1
        return BP_ONE
    factor = min(max(value, LEAST_DEMAND_BP), MOST_DEMAND_BP)
    ignored["demand"] += int(factor != value)
    return factor


def _days(value: object, ignored: Counter[str]) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        ignored["days"] += int(value is not None)
        return _USUAL_DAYS
    days = min(max(value, 1), _MOST_DAYS)
    ignored["days"] += int(days != value)
    return days


def _risk(value: object, ignored: Counter[str]) -> Risk | None:
    risk = _RISKS.get(value) if isinstance(value, str) else None
    ignored["risk"] += int(risk is None and value not in (None, "unchanged"))
    return risk


def _why(value: object, ignored: Counter[str]) -> AdviceWhy:
    why = next((one for one in AdviceWhy if one == value), None)
    ignored["why"] += int(why is None and value is not None)
    return why or AdviceWhy.OTHER


def _says_something(advice: ItemAdvice) -> bool:
    return bool(advice.offers) or advice.demand_until is not None or advice.least_risk is not None or advice.hold


def _text(value: object) -> str:
    return summary(value) if isinstance(value, str) else ""
