"""A page's answer."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any

from thaman_contracts.events.optimizer import OfferEvidence, OfferFitness
from thaman_optimizer.domain.reading.trust import CERTAIN_BP, READER


@dataclass(frozen=True, slots=True)
class Reading:
    """A page's answer. ``price`` in halalas; ``with_vat`` is ``False`` only where the page says so.

    ``fitness`` is ``usable`` or the reason why not; age, currency and outliers are judged later, elsewhere.
    ``valid_until`` is the last day (ISO 8601) for which the page gives its price. ``evidence`` is what the page said,
    in its own words: other people's text, to be shown escaped and never to be acted on.
    """

    fitness: OfferFitness
    price: int | None = None
    currency: str | None = None
    in_stock: bool | None = None
    with_vat: bool = True
    confidence_bp: int = CERTAIN_BP
    detail: str | None = None
    valid_until: str | None = None
    evidence: OfferEvidence | None = None

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        evidence = None if self.evidence is None else self.evidence.model_dump(mode="json", exclude_none=True)
        return {**asdict(replace(self, evidence=None)), "evidence": evidence, "reader": READER}

    @staticmethod
    def is_current(document: Mapping[str, Any]) -> bool:
        """Whether this reader made a document of :meth:`document`; another might have read the page differently."""
        return document.get("reader") == READER

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Reading":
        """The reverse of :meth:`document`; documents of earlier versions lack fields, those of later ones have more."""
        known = {one.name: document[one.name] for one in fields(cls) if one.name in document}
        evidence = known.get("evidence")
        known["evidence"] = None if evidence is None else OfferEvidence.model_validate(evidence)
        return cls(**{**known, "fitness": OfferFitness(document["fitness"])})

    def on(self, today: date) -> "Reading":
        """The same answer as it holds ``today``: a price that the page gave until an earlier day is stale."""
        if self.fitness is not OfferFitness.USABLE or self.valid_until is None or today.isoformat() <= self.valid_until:
            return self
        return replace(self, fitness=OfferFitness.STALE, detail=f"the page gave its price until {self.valid_until}")


def cannot_tell(why: str, evidence: OfferEvidence | None = None) -> Reading:
    """The answer when a page gives none."""
    return Reading(OfferFitness.UNREADABLE, detail=why, evidence=evidence)
