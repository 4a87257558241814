"""What price changes brought, against products that were left alone: a difference in differences. Pure.

Products are on one side by a hash, so by chance. For each the change of its mean weekly profit is taken, from the weeks
before to the weeks after the comparison began; the effect is the mean change of the treated minus that of the control.
What moves both, a season or a mall's sale, falls out. A product is one observation, however many weeks and variants
it has, so weeks that resemble each other make nothing surer (Bertrand, Duflo and Mullainathan 2004); the interval is
Welch's, which lets the sides differ in number and spread. Money is whole halalas; all is exact up to the root.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from enum import StrEnum
from fractions import Fraction
from statistics import NormalDist

LEAST_PRODUCTS = 20
"""On each side; with fewer the interval does not hold what it says where a few products bring most of the profit."""

LEAST_WEEKS = 4
"""Whole weeks on each side of the beginning."""

MOST_UNKNOWN_BP = 5_000
"""Of the products of a side; where more have an unknown profit, the others speak for too few."""

COVERAGE = 0.95


class Missing(StrEnum):
    """What is missing for an answer."""

    WEEKS_BEFORE = "weeks_before"
    WEEKS_AFTER = "weeks_after"
    TREATED = "treated"
    CONTROL = "control"
    UNKNOWN = "unknown"
    NO_SALES = "no_sales"


@dataclass(frozen=True, slots=True)
class Product:
    """One product's profit in halalas over all weeks before and all weeks after; ``None`` where it is not known."""

    controlled: bool
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Side:
    """One side: how many products are known, how many are not, and the mean weekly profit of one in halalas."""

    products: int
    unknown: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Effect:
    """Of one treated product in one week, halalas: the effect, and what it lies between 19 times of 20."""

    mean: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Both sides with the effect, or what is ``missing`` for one."""

    treated: Side
    control: Side
    effect: Effect | None
    missing: tuple[Missing, ...]


def compare(products: Sequence[Product], weeks_before: int, weeks_after: int) -> Answer:
    """What the changes of the treated products brought, if that many products and weeks can tell."""
    treated, control = (_side(products, side, weeks_before, weeks_after) for side in (False, True))
    missing = _missing(products, treated, control, weeks_before, weeks_after)
    if missing:
        return Answer(treated, control, None, missing)
    moved, left = (_changes(products, side, weeks_before, weeks_after) for side in (False, True))
    return Answer(treated, control, difference(moved, left, weeks_before * weeks_after), ())


def difference(treated: Sequence[int], control: Sequence[int], scale: int = 1) -> Effect:
    """The difference of two means with Welch's interval; each side has two observations at least, in halalas times
    ``scale``."""
    mean = (_mean(treated) - _mean(control)) / scale
    parts = [_variance(side) / len(side) / scale**2 for side in (treated, control)]
    squared = sum(parts, Fraction())
    if squared == 0:
        return Effect(round(mean), round(mean), round(mean))
    # Welch and Satterthwaite's degrees of freedom.
    shares = [part**2 / (len(side) - 1) for part, side in zip(parts, (treated, control), strict=True)]
    freedom = squared**2 / sum(shares, Fraction())
    with localcontext() as context:
        context.prec = 40
        half = _decimal(squared).sqrt() * Decimal(student(COVERAGE, float(freedom)))
        middle = _decimal(mean)
        return Effect(_halalas(middle), _halalas(middle - half), _halalas(middle + half))


def student(coverage: float, freedom: float) -> float:
    """Student's quantile that ``coverage`` lies within, by Cornish and Fisher's expansion: right to 0.001 from ten
    degrees of freedom on."""
    z = NormalDist().inv_cdf((1 + coverage) / 2)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return float(z + sum(term / freedom**power for power, term in enumerate(terms, 1)))


def _side(products: Sequence[Product], controlled: bool, weeks_before: int, weeks_after: int) -> Side:
    own = [one for one in products if one.controlled is controlled]
    known = [(one.before, one.after) for one in own if one.before is not None and one.after is not None]
    before, after = (sum(one[place] for one in known) for place in (0, 1))
    count = max(len(known), 1)
    return Side(
        products=len(known),
        unknown=len(own) - len(known),
        before=round(Fraction(before, count * max(weeks_before, 1))),
        after=round(Fraction(after, count * max(weeks_after, 1))),
    )


def _missing(
    products: Sequence[Product], treated: Side, control: Side, weeks_before: int, weeks_after: int
) -> tuple[Missing, ...]:
    missing = {
        Missing.WEEKS_BEFORE: weeks_before < LEAST_WEEKS,
        Missing.WEEKS_AFTER: weeks_after < LEAST_WEEKS,
        Missing.TREATED: treated.products < LEAST_PRODUCTS,
        Missing.CONTROL: control.products < LEAST_PRODUCTS,
        Missing.UNKNOWN: any(
            side.unknown * 10_000 > MOST_UNKNOWN_BP * (side.products + side.unknown) for side in (treated, control)
        ),
        Missing.NO_SALES: not any(one.before for one in products) or not any(one.after for one in products),
    }
    return tuple(code for code, is_missing in missing.items() if is_missing)


def _changes(products: Sequence[Product], controlled: bool, weeks_before: int, weeks_after: int) -> list[int]:
    """The change of each known product's mean weekly profit, times both numbers of weeks: whole halalas."""
    return [
        one.after * weeks_before - one.before * weeks_after
        for one in products
        if one.controlled is controlled and one.before is not None and one.after is not None
    ]


def _mean(values: Sequence[int]) -> Fraction:
    return Fraction(sum(values), len(values))


def _variance(values: Sequence[int]) -> Fraction:
    squares = sum(value * value for value in values)
    return (squares - Fraction(sum(values) ** 2, len(values))) / (len(values) - 1)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _halalas(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_EVEN))
