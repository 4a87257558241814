"""Money and percentages without floats.

Money is an integer number of halalas (1 SAR = 100 halalas); percentages are integer basis points (1 % = 100 bp).
Every function here is exact integer arithmetic; rounding direction is always named by the caller.
"""

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Annotated

from pydantic import Field

HALALAS_PER_RIYAL = 100
BP_ONE = 10_000

Halalas = Annotated[int, Field(strict=True, ge=0, le=10**12, description="Amount in halalas (1 SAR = 100).")]
"""A price or cost. Zero is a real amount; *unknown* is ``None``, never zero."""

Cost = Annotated[int, Field(strict=True, gt=0, le=10**12, description="Amount in halalas (1 SAR = 100), above zero.")]
"""What a unit costs, without VAT. Nothing costs nothing: *unknown* is ``None``, and zero is refused."""

SignedHalalas = Annotated[int, Field(strict=True, ge=-(10**15), le=10**15, description="Signed halalas.")]
"""A difference of amounts."""

BasisPoints = Annotated[int, Field(strict=True, ge=0, le=1_000_000, description="Basis points (100 = 1 %).")]
"""A share or a relative size."""

SignedBasisPoints = Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000, description="Signed basis points.")]
"""A relative change."""

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code.")]


class MoneyError(ValueError):
    """An amount that cannot be read as money; the message says why."""


def ceil_div(numerator: int, denominator: int) -> int:
    """Integer division rounded up; the denominator must be positive."""
    return -(-numerator // denominator)


def round_div(numerator: int, denominator: int) -> int:
    """Integer division rounded to nearest, halves away from zero; the denominator must be positive."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def add_bp(amount: int, bp: int) -> int:
    """``amount`` raised by ``bp`` basis points, rounded to the nearest halala."""
    return round_div(amount * (BP_ONE + bp), BP_ONE)


def change_bp(old: int, new: int) -> int:
    """Relative change from ``old`` (> 0) to ``new`` in basis points.

    Rounded away from zero, so that a limit on it errs on the safe side.
    """
    difference = new - old
    size = ceil_div(abs(difference) * BP_ONE, old)
    return size if difference >= 0 else -size


def halalas_from(value: str | int | Decimal) -> int:
    """Read an amount in riyals, as Salla writes it, into halalas.

    More than two decimals are rounded half to even, as Salla's own prices carry two. Floats are refused because
    they have already lost the amount; parse JSON with ``parse_float=Decimal``.

    Raises:
        MoneyError: not a finite, non-negative number below 10 billion riyals.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise MoneyError(f"an amount must be text, an integer or a Decimal, not {type(value).__name__}")
    try:
        amount = Decimal(value)
    except InvalidOperation as error:
        raise MoneyError(f"{value!r} is not a number") from error
    if not amount.is_finite() or amount < 0 or amount >= Decimal(10) ** 10:
        raise MoneyError(f"{value!r} is not an amount between 0 and 10 billion riyals")
    return int((amount * HALALAS_PER_RIYAL).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def riyals(halalas: int) -> Decimal:
    """The exact amount in riyals with two decimals, for bodies sent to Salla and for people."""
    return Decimal(halalas).scaleb(-2)
