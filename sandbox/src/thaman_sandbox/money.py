"""Money inside the sandbox: integer halalas; on the wire: plain JSON numbers with at most two decimals.

Halalas never pass through a float. An outgoing amount is a marked string which :mod:`thaman_sandbox.wire` writes
as a bare number; an incoming number was parsed as ``int`` or ``Decimal``.
"""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

MARK = "\ue000"
"""Private-use character before an amount that must be written without quotes."""

RATE_ONE = 10_000
"""Basis points in a whole."""

LARGEST = 10_000_000_000
"""The largest amount accepted (100 million riyals), so that nonsense is refused and not stored."""


def plain(halalas: int) -> str:
    """Halalas as riyals in text: 9633 gives 96.33, 9600 gives 96, 9650 gives 96.5."""
    sign = "-" if halalas < 0 else ""
    whole, part = divmod(abs(halalas), 100)
    text = f"{part:02d}".rstrip("0")
    return f"{sign}{whole}.{text}" if text else f"{sign}{whole}"


def wire(halalas: int) -> str:
    """Halalas marked to be written as a bare JSON number."""
    return MARK + plain(halalas)


def amount(halalas: int, currency: str = "SAR") -> dict[str, str]:
    """Salla's price object."""
    return {"amount": wire(halalas), "currency": currency}


def halalas(value: object) -> int:
    """Read a JSON number (or numeric text, which the real API tolerates) in riyals; ``ValueError`` if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ValueError("not a number")
    try:
        number = Decimal(value)
    except InvalidOperation as wrong:
        raise ValueError("not a number") from wrong
    if not number.is_finite() or abs(number) * 100 > LARGEST:
        raise ValueError("out of range")
    return int((number * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def share(value: int, basis_points: int) -> int:
    """``value`` times ``basis_points``, rounded half up to a whole halala (values are not negative)."""
    return (value * basis_points + RATE_ONE // 2) // RATE_ONE


def without_tax(gross: int, basis_points: int) -> int:
    """The part of ``gross`` that is left when a tax of ``basis_points`` contained in it is taken out."""
    whole = RATE_ONE + basis_points
    return (gross * RATE_ONE + whole // 2) // whole
