"""What the pages say: complete in both languages, counted rightly, exact to the halala, legible."""

import re
import string
from importlib import resources
from typing import Any

import pytest

from thaman_contracts.money import MoneyError
from thaman_dashboard.domain.saying import _LINES
from thaman_dashboard.endpoints.products import _amount
from thaman_dashboard.pages.amounts import change, money, share, span, unknown
from thaman_dashboard.pages.assets import Assets
from thaman_dashboard.pages.numerals import western
from thaman_dashboard.pages.plurals import NEEDED, form_of
from thaman_dashboard.pages.texts import TEXTS
from thaman_dashboard.pages.typed import basis_points
from thaman_dashboard.pages.words import WORDS

PAGES = resources.files("thaman_dashboard").joinpath("pages")


def _places(text: Any) -> set[str]:
    texts = [text] if isinstance(text, str) else list(text.values())
    return {name for one in texts for _, name, _, _ in string.Formatter().parse(one) if name}


def test_both_languages_say_the_same_things_with_the_same_places() -> None:
    assert TEXTS["ar"].keys() == TEXTS["en"].keys()
    for key, arabic in TEXTS["ar"].items():
        english = TEXTS["en"][key]
        assert _places(arabic) == _places(english), key
        assert isinstance(arabic, str) == isinstance(english, str), key


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_text_is_there_in_every_form_and_in_its_own_letters(language: Any) -> None:
    for key, text in TEXTS[language].items():
        forms = {"": text} if isinstance(text, str) else text
        if not isinstance(text, str):
            assert set(forms) == NEEDED[language], key
        for said in forms.values():
            assert said.strip(), key
            assert bool(re.search("[\u0600-\u06ff]", said)) == (language == "ar"), (key, said)
            assert "<" not in said, "texts of ours go into pages unescaped"


def test_templates_say_nothing_that_is_not_in_the_catalogues() -> None:
    said: set[str] = set()
    for file in PAGES.joinpath("templates").iterdir():
        template = file.read_text(encoding="utf-8")
        said |= set(re.findall(r"""s\.say\(["']([a-z0-9_.]+)["'][,)]""", template))
        words = re.sub(r"(?s)\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<[^>]*>", " ", template)
        assert not re.findall(r"[A-Za-z\u0600-\u06ff]{3,}", words.replace("English", "").replace("العربية", "")), file
    assert len(said) > 100
    assert said <= TEXTS["en"].keys()


def test_every_line_of_the_timeline_has_a_name_to_filter_by() -> None:
    assert {event.event_name() for event in _LINES} <= WORDS["event"].keys()
    assert all(ar and en for kind in WORDS.values() for ar, en in kind.values())


@pytest.mark.parametrize(
    ("count", "form"),
    [(0, "zero"), (1, "one"), (2, "two"), (3, "few"), (10, "few"), (11, "many"), (99, "many"), (100, "other"),
     (102, "other"), (103, "few"), (111, "many")],
)  # fmt: skip
def test_arabic_counts_in_six_forms(count: int, form: str) -> None:
    assert form_of(count, "ar") == form


def test_amounts_are_exact_and_unknown_is_no_zero() -> None:
    assert '<data value="123456789" dir="ltr">1,234,567.89</data>' in money(123_456_789, "SAR", "en")
    assert ">\u22120.05</data>" in money(-5, "SAR", "ar")
    assert ">+0.05</data>" in money(5, "SAR", "en", signed=True)
    assert "ر.س" in money(5, "SAR", "ar")
    assert "&lt;b&gt;" in money(5, "<b>", "en"), "a currency is text"
    assert share(1_050, "en").striptags() == "10.5%"
    assert change(12_950, 12_300, "en").striptags() == "\u22125.02%"
    assert "0" not in unknown("en")
    assert money(None, "SAR", "en") == unknown("en") == change(0, 5, "en")
    assert [span(seconds) for seconds in (59, 60, 7_199, -90_000)] == [
        ("moments", 0), ("minutes", 1), ("hours", 1), ("days", 1)
    ]  # fmt: skip


def test_numbers_are_read_as_people_type_them() -> None:
    assert [western(text) for text in (" ١٬٢٣٤٫٥٠ ", "1,234,567")] == ["1234.50", "1234567"]
    assert [_amount(text) for text in ("", "١٢٫٥", "1,299", "0.05", "7.00")] == [None, 1_250, 129_900, 5, 700]
    for text in ("1,5", "12,50", "1,29,900", "1.299", "10%", "-1", "x", "1 000"):
        with pytest.raises(MoneyError):
            _amount(text)
    assert [basis_points(text) for text in ("12.5", "١٢٫٥٪", "100", "0")] == [1_250, 1_250, 10_000, 0]
    wrong = ("", "x", "1.234", "1,5", "NaN", "1e999999999")
    assert [basis_points(text) for text in wrong] == [None] * len(wrong)


def test_words_stand_out_from_their_ground_in_light_and_dark() -> None:
    style = _style()
    themes = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    assert len(themes) == 2
    for theme in themes:
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", theme))
        pairs = [
            (ink, paper) for ink in ("ink", "soft", "mark", "bad", "warn", "good") for paper in ("paper", "ground")
        ]
        pairs += [("on-mark", "mark"), ("on-bad", "bad"), ("ink", "good-ground"), ("mark", "good-ground")]
        pairs += [("bad", "bad-ground"), ("warn", "warn-ground")]
        for ink, paper in pairs:
            assert _contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)
        for line in ("line", "r0", "r1", "r2", "r3"):
            assert _contrast(colours[line], colours["paper"]) >= 3, line


def test_the_style_knows_no_left_and_right() -> None:
    style = _style()
    assert not re.findall(
        r"(?:margin|padding|border|inset)-(?:left|right)|\b(?:left|right)\s*:|: (?:left|right)", style
    )


def _style() -> str:
    assets = Assets()
    style = assets.get(assets.address("style.css").rpartition("/")[2])
    assert style is not None
    return style.body.decode()


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    full = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(full[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
