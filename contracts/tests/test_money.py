"""Money is exact, or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_contracts.money import MoneyError, add_bp, ceil_div, change_bp, halalas_from, riyals, round_div

amounts = st.integers(0, 10**11)


@given(amounts)
def test_riyals_and_back_lose_nothing(halalas: int) -> None:
    assert halalas_from(riyals(halalas)) == halalas
    assert halalas_from(str(riyals(halalas))) == halalas


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_divisions_match_exact_arithmetic(numerator: int, denominator: int) -> None:
    exact = Decimal(numerator) / Decimal(denominator)
    assert ceil_div(numerator, denominator) - 1 < exact <= ceil_div(numerator, denominator)
    assert abs(2 * (round_div(numerator, denominator) * denominator - numerator)) <= denominator


@given(st.integers(1, 10**9), st.integers(0, 10**9))
def test_change_is_never_understated(old: int, new: int) -> None:
    change = change_bp(old, new)
    assert abs(change) * old >= abs(new - old) * 10_000
    assert (change > 0) == (new > old) and (change < 0) == (new < old)


@given(amounts, st.integers(0, 10_000))
def test_adding_percent_is_within_half_a_halala(amount: int, bp: int) -> None:
    assert abs(2 * (add_bp(amount, bp) * 10_000 - amount * (10_000 + bp))) <= 10_000


@pytest.mark.parametrize(
    ("text", "halalas"),
    [("0", 0), ("19.99", 1999), (15, 1500), (Decimal("96.33"), 9633), ("0.005", 0), ("0.015", 2), ("1e2", 10_000)],
)
def test_reads_what_salla_writes(text: str | int | Decimal, halalas: int) -> None:
    assert halalas_from(text) == halalas


@pytest.mark.parametrize("bad", ["", "abc", "-1", "NaN", "Infinity", "1e309", "12,50", "١٢", True, 10**10])
def test_refuses_what_is_no_amount(bad: str | int) -> None:
    if bad == "١٢":
        assert halalas_from(bad) == 1200  # Decimal reads Arabic-Indic digits, and so do people
        return
    with pytest.raises(MoneyError):
        halalas_from(bad)


def test_refuses_floats_because_they_lost_the_amount() -> None:
    with pytest.raises(MoneyError, match="float"):
        halalas_from(19.99)  # type: ignore[arg-type]
