"""How a person wants numbers and dates, and how an operator wants the pages to look."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from thaman_dashboard.pages.numerals import arabic_indic, western
from thaman_dashboard.pages.preferences import Preferences
from thaman_dashboard.pages.speech import Speech
from thaman_dashboard.testing import settings_for
from thaman_dashboard.testing_events import Run, authorized, item, observed
from thaman_dashboard.testing_pages import House, Markup, standing_house
from thaman_kit.embedded.databases import Databases

RUN = Run("77")
AT = datetime(2026, 11, 29, 21, 30, tzinfo=UTC)
LOGO = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(scope="module")
def house(postgres_server: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A store with a proposal, on pages that an operator made their own."""
    logo = tmp_path_factory.mktemp("brand") / "logo.svg"
    logo.write_bytes(LOGO)
    brand = {"dashboard_brand_name": "<b>سعر", "dashboard_brand_colour": "#5B21B6", "dashboard_brand_logo": logo}
    with standing_house(postgres_server, **brand) as standing:
        standing.streams.deliver(
            authorized("77"),
            observed("77", 1, item("1", 123_450)),
            RUN.asked(1),
            RUN.proposed(2, "1", 123_450, 120_000),
        )
        yield standing


def test_numbers_are_written_as_they_are_read() -> None:
    for text, said in (("1,234,567.89", "١٬٢٣٤٬٥٦٧٫٨٩"), ("12.5%", "١٢٫٥٪"), ("7 أيام، 3.", "٧ أيام، ٣.")):
        assert arabic_indic(text) == said
    assert western(arabic_indic("1,234.50")) == "1234.50"


def test_digits_and_calendar_hold_for_amounts_numbers_and_dates() -> None:
    arabic = Speech("ar", AT, Preferences("arabic", "both"))
    assert arabic.money(-123_450, "SAR").striptags() == "\u2212١٬٢٣٤٫٥٠ ر.س"
    assert 'value="-123450"' in arabic.money(-123_450, "SAR"), "machines read what they read before"
    assert arabic.share(1_250).striptags() == "١٢٫٥٪" and arabic.number(1_000).striptags() == "١٬٠٠٠"
    # Riyadh is a day further already.
    assert arabic.moment(AT).striptags() == "٣٠ نوفمبر ٢٠٢٦ (٢٠ جمادى الآخرة ١٤٤٨ هـ) ٠٠:٣٠"
    assert 'datetime="2026-11-29T21:30:00Z"' in arabic.moment(AT)
    assert arabic.say("span.hours", n=11) == "١١ ساعة" and "١٢٩٫٥٠" in arabic.say("wrong.amount")
    assert arabic.hijri(date(2027, 2, 8)) == "١ رمضان" and arabic.hijri(date(2100, 1, 1)) is None
    english = Speech("en", AT, Preferences("arabic", "both"))
    assert english.on(date(2027, 2, 8)).striptags() == "8 Feb 2027 (1 Ramadan 1448 AH)"
    assert english.money(5, "SAR").striptags() == "0.05 SAR", "English pages keep their digits"
    assert Speech("ar", AT).moment(AT).striptags() == "30 نوفمبر 2026 00:30"


def test_a_choice_is_kept_in_the_browser_and_holds_on_every_page(house: House) -> None:
    browser = house.browser("77")
    assert "1,234.50" in browser.page("/approvals", "ar").text
    assert "١٬٢٣٤٫٥٠" in browser.page("/settings?digits=arabic&calendar=both", "ar").text
    for path in ("/approvals", "/products", "/products/1", "/runs", "/settings"):
        text = re.sub(r"SKU-1|عطر 1|متجر 77|1\.\.|77|Thaman", "", browser.page(path, "ar").text)
        assert not re.findall(r"[0-9]{2,}[.,:][0-9]", text), path
    assert "هـ)" in browser.page("/approvals", "ar").text
    browser.page("/settings?digits=roman&calendar=julian", "ar")
    assert "١٬٢٣٤٫٥٠" in browser.page("/approvals", "ar").text, "what there is not changes nothing"
    browser.page("/settings?digits=western&calendar=gregorian")
    assert "1,234.50" in browser.page("/approvals", "ar").text


def test_an_operators_name_logo_and_colours_are_on_every_page(house: House) -> None:
    page = house.browser("77").page("/")
    assert "<b>سعر" in page.text and "<b>" not in page.html and "Thaman" not in page.html.split("</title>")[0]
    styles = [given["href"] or "" for tag, given in page.tags if tag == "link" and given.get("rel") == "stylesheet"]
    assert len(styles) == 2 and "--mark: #5b21b6" in house.browser().get(styles[1]).text
    [logo] = [given["src"] or "" for tag, given in page.tags if tag == "img"]
    answer = house.browser().get(logo)
    assert answer.content == LOGO and "sandbox" in answer.headers["content-security-policy"]
    assert [given["alt"] for tag, given in Markup(page.html).tags if tag == "img"] == [""]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("dashboard_brand_colour", "#9bd6c0", "contrast of 1.6 with #ffffff"),
        ("dashboard_brand_dark_colour", "#0b6e4f", "choose a lighter colour"),
        ("dashboard_brand_colour", "green", "is not a colour like"),
        ("dashboard_brand_logo", Path("nowhere.png"), "cannot be read"),
        ("dashboard_brand_logo", Path(__file__), "neither a PNG nor an SVG"),
    ],
)
def test_what_could_not_be_read_is_refused_with_what_to_do(name: str, value: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        settings_for(SecretStr("postgresql://a@b/c").get_secret_value(), **{name: value})
