"""What guards are given and what they answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from thaman_contracts.events.settings import Strategy
from thaman_optimizer.domain.advice import Advice
from thaman_optimizer.domain.basis import Basis
from thaman_optimizer.domain.facts import ItemFacts, StoreFacts
from thaman_optimizer.domain.floor import Limits, NoLimits
from thaman_optimizer.domain.reference import UNSEEN, Reference


class Outcome(StrEnum):
    """What a guard made of the price it was given."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    MOVE = "move"
    NOTE = "note"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Case:
    """One item in front of the guards; ``advice`` is the engine's, ``None`` where it was not asked about the item."""

    store: StoreFacts
    item: ItemFacts
    now: datetime
    basis: Basis
    limits: Limits | NoLimits
    advice: Advice | None = None

    @property
    def reference(self) -> Reference:
        """What the market says of the item."""
        return UNSEEN if self.advice is None else self.advice.reference

    @property
    def strategy(self) -> Strategy:
        """The strategy that decides about the item."""
        return self.store.settings.strategy if self.advice is None else self.advice.strategy

    @property
    def bounds(self) -> Limits:
        """The limits, for guards after the data-fitness guard, which holds every case without them."""
        assert isinstance(self.limits, Limits)
        return self.limits

    def is_advised(self, base: int) -> bool:
        """Whether a base price is the one that the demand model chose."""
        advice = self.advice
        if advice is None or advice.price is None or not advice.proposes:
            return False
        return base == self.basis.base_near(advice.price)

    @property
    def outside_limits(self) -> bool:
        """Whether the price on the shelf breaks its own floor, or a ceiling that the merchant set, already.

        Such a price is brought back even where the market says nothing.
        """
        if isinstance(self.limits, NoLimits):
            return False
        base = self.item.base_price
        return base < self.limits.base_floor or (self.limits.own_ceiling and base > self.limits.base_ceiling)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A guard's answer: the base price to go on with, and a code with parameters saying why.

    ``detail`` is ``"<code>"`` or ``"<code> name=value ..."``; :mod:`thaman_optimizer.domain.explain` words it.
    """

    outcome: Outcome
    base: int
    detail: str = ""


Guard = Callable[[Case, int], Verdict]
"""A guard looks at the case and the base price so far. It must not look anywhere else."""


def passed(base: int, detail: str = "") -> Verdict:
    """The price may go on."""
    return Verdict(Outcome.PASS, base, detail)


def moved(base: int, detail: str) -> Verdict:
    """The price goes on changed."""
    return Verdict(Outcome.MOVE, base, detail)


def noted(base: int, detail: str) -> Verdict:
    """The price goes on, but a person should know something."""
    return Verdict(Outcome.NOTE, base, detail)


def held(base: int, detail: str) -> Verdict:
    """The item keeps the price it has."""
    return Verdict(Outcome.HOLD, base, detail)
