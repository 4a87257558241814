"""Sizes and counts, in canonical units."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thaman_optimizer.domain.matching.normal import normalise
from thaman_optimizer.domain.matching.quantities import Quantity, take


def found(text: str) -> set[tuple[str, int]]:
    return {(one.dimension, one.milli) for one in take(normalise(text))[0]}


@pytest.mark.parametrize(
    ("text", "quantities"),
    [
        ("عطر ١٠٠ مل", {("volume", 100_000)}),
        ("1.5 لتر", {("volume", 1_500_000)}),
        ("1500ml", {("volume", 1_500_000)}),
        ("3.4 fl oz", {("volume", 100_550)}),
        ("قهوة نصف كيلو ٥٠٠جم", {("mass", 500_000)}),
        ("1 كيلو", {("mass", 1_000_000)}),
        ("256 جيجا", {("storage", 256_000)}),
        ("1TB", {("storage", 1_000_000)}),
        ("8/256GB", {("storage", 8_000), ("storage", 256_000)}),
        ('55" tv', {("length", 139_700)}),
        ("شاشة ٥٥ بوصة", {("length", 139_700)}),
        ("20 واط", {("power", 20_000)}),
        ("20000 مللي امبير", {("charge", 20_000_000)}),
        ("10 كبسولات", {("pieces", 10_000)}),
        ("حبتين", {("pieces", 2_000)}),
        ("pack of 6", {("pack", 6_000)}),
        ("عبوة من 12", {("pack", 12_000)}),
        ("6 عبوات", {("pack", 6_000)}),
        ("330 مل × 40", {("pack", 40_000), ("volume", 330_000)}),
        ("40x330ml", {("pack", 40_000), ("volume", 330_000)}),
        ("مقاس 54", {("size", 54_000)}),
        ("size XL", {("size", 6)}),
        ("عيار 18", {("karat", 18_000)}),
        ("ذهب 21k", {("karat", 21_000)}),
        ("جوال 5G", set()),
        ("3 in one", set()),
        ("dsc-w170", set()),
        ("0 ml", set()),
    ],
)
def test_what_is_read(text: str, quantities: set[tuple[str, int]]) -> None:
    assert found(text) == quantities


def test_the_rest_is_left_without_them() -> None:
    assert take(normalise("عطر مسك 100 مل للرجال"))[1].split() == ["عطر", "مسك", "للرجال"]


@settings(deadline=None)
@given(st.integers(1, 100_000))
def test_units_of_one_dimension_agree(amount: int) -> None:
    (grams,) = take(f"{amount * 1000} g")[0]
    (kilos,) = take(f"{amount} kg")[0]
    assert grams.same_as(kilos)
    assert not grams.same_as(Quantity("volume", grams.milli))


@settings(deadline=None)
@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_sameness_allows_a_fiftieth_for_measures_and_nothing_for_counts(first: int, second: int) -> None:
    near = abs(first - second) * 50 <= first
    assert Quantity("volume", first).same_as(Quantity("volume", second)) == near
    assert Quantity("pieces", first).same_as(Quantity("pieces", second)) == (first == second)
