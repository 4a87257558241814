"""Trade item numbers, makers, model numbers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import ean

from thaman_optimizer.domain.matching import Listing, OwnProduct
from thaman_optimizer.domain.matching.gtin import gtin_of
from thaman_optimizer.domain.matching.identity import Agreement, brands, gtins, models
from thaman_optimizer.domain.matching.traits import Described, traits_of


@st.composite
def worldwide(draw: st.DrawFn) -> str:
    """A valid EAN-13 of no restricted circulation."""
    body = draw(st.sampled_from(["628", "400", "690", "501", "001"])) + "".join(
        draw(st.lists(st.sampled_from("0123456789"), min_size=9, max_size=9))
    )
    return body + str(ean.calc_check_digit(body))


@settings(deadline=None)
@given(worldwide(), st.integers(1, 8))
def test_padding_changes_nothing_and_a_wrong_digit_everything(number: str, step: int) -> None:
    padded = f"0{number}"
    assert gtin_of(number) == gtin_of(padded) == gtin_of(f" {number[:6]}-{number[6:]} ") == padded
    if number.startswith("0"):
        assert gtin_of(number[1:]) == padded, "an UPC is the EAN without its zero"
    wrong = number[:-1] + str((int(number[-1]) + step) % 10)
    assert gtin_of(wrong) is None


@settings(deadline=None)
@given(worldwide())
def test_arabic_digits_are_digits(number: str) -> None:
    assert gtin_of(number.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))) == gtin_of(number)


@pytest.mark.parametrize(
    "text", [None, "", "0000000000000", "00000000", "12345", "2000000000008", "0200000000000", "abc", "６²", "9" * 400]
)
def test_what_is_no_number(text: str | None) -> None:
    assert gtin_of(text) is None


def test_unknown_numbers_are_no_difference() -> None:
    known = traits_of(OwnProduct("a", gtin="4006381333931"))
    assert gtins(known, traits_of(Listing("a"))) is Agreement.UNKNOWN
    assert gtins(known, traits_of(Listing("a", gtin="4006381333932"))) is Agreement.UNKNOWN
    assert gtins(known, traits_of(Listing("a", gtin="04006381333931"))) is Agreement.AGREES
    assert gtins(known, traits_of(Listing("a", gtin="5012345678900"))) is Agreement.DIFFERS


@pytest.mark.parametrize(
    ("first", "second", "agreement"),
    [
        (Described("سماعة", brand="سوني"), Described("headphones", brand="SONY"), Agreement.AGREES),
        (Described("سماعة سوني"), Described("headphones", brand="SONY"), Agreement.AGREES),
        (Described("سماعة", brand="Sony"), Described("headphones", brand="Bose"), Agreement.DIFFERS),
        (Described("Zaytuna soap"), Described("Zaytuna olive soap"), Agreement.AGREES),
        (Described("Zaytuna soap"), Described("soap"), Agreement.UNKNOWN),
        (Described("soap", brand="Zaytuna"), Described("soap"), Agreement.UNKNOWN),
        (Described(""), Described(""), Agreement.UNKNOWN),
    ],
)
def test_makers(first: Described, second: Described, agreement: Agreement) -> None:
    assert brands(traits_of(first), traits_of(second)) is agreement
    assert brands(traits_of(second), traits_of(first)) is agreement


@pytest.mark.parametrize(
    ("first", "second", "agreement"),
    [
        (Described("sony dsc-w170"), Described("sony cyber-shot DSCW170 camera"), Agreement.AGREES),
        (Described("monster PS3CVFO10"), Described("monster ps3 cv/fo 10 cable"), Agreement.AGREES),
        (Described("sony wh-1000xm5"), Described("sony wh-1000xm4"), Agreement.DIFFERS),
        (Described("sony dscw170"), Described("sony dscw170n"), Agreement.UNKNOWN),
        (Described("case s24 ef-zs921"), Described("case s24 ef-zs928"), Agreement.DIFFERS),
        (Described("tv 55 uhd 1080p"), Described("tv 55 uhd 1080p"), Agreement.UNKNOWN),
        (Described("radio", model="RX-100"), Described("radio", model="rx100"), Agreement.AGREES),
        (Described("radio", model="RX-100"), Described("radio", model="RX-200"), Agreement.DIFFERS),
        (Described("radio", model="RX-100A"), Described("radio rx-100a black"), Agreement.AGREES),
        (Described("radio", model="n/a"), Described("radio", model="-"), Agreement.UNKNOWN),
    ],
)
def test_model_numbers(first: Described, second: Described, agreement: Agreement) -> None:
    assert models(traits_of(first), traits_of(second)) is agreement
    assert models(traits_of(second), traits_of(first)) is agreement
