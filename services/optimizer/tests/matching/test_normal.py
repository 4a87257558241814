"""One spelling: what people type differently becomes equal, what tells products apart stays."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from thaman_optimizer.domain.matching.normal import LONGEST, bare, normalise, split

letters = st.text(alphabet=st.characters(codec="utf-8"), max_size=60)
arabic = st.text(alphabet="ابتثجحخدذرزسشصضطظعغفقكلمنهويأإآىةؤئءًٌٍَُِّْـ٠١٢٣۴۵٫٬، abc12.-/\u200f\u200d\u202b", max_size=40)


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("عَطْرٌ", "عطر"),
        ("أحمد إبراهيم آلاء", "احمد ابراهيم الاء"),
        ("مصطفى", "مصطفي"),
        ("قهوة", "قهوه"),
        ("مسؤول", "مسوول"),
        ("عــــود", "عود"),
        ("کیف", "كيف"),
        ("١٢٣ ۴۵۶", "123 456"),
        ("١٬٢٩٩٫٥", "1299.5"),
        ("1,299", "1299"),
        ("12,5", "12.5"),
        ("ﻋﻄﺮ", "عطر"),
        ("\u200fعطر\u200e\u202b مسك\u202c", "عطر مسك"),
        ("ＳＯＮＹ", "sony"),
        ("Café Nescafé", "cafe nescafe"),
        ("Windows™ (R)", "windows"),
        ("ايفون15", "ايفون 15"),
        ("256جيجا", "256 جيجا"),
        ("a\tb\n c\x00d", "a b c d"),
        ("3×100", "3x100"),
        ("", ""),
    ],
)
def test_spellings(typed: str, plain: str) -> None:
    assert normalise(typed) == plain


@settings(deadline=None)
@given(st.one_of(letters, arabic))
@example("İ")
@example("ŉ ﷺ ½")
@example("1,234,5678,9")
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@settings(deadline=None)
@given(st.one_of(letters, arabic))
def test_the_result_is_tidy(text: str) -> None:
    plain = normalise(text)
    assert "  " not in plain
    assert plain == plain.strip()
    assert len(plain) <= 2 * LONGEST
    assert not any("\u064b" <= letter <= "\u0652" or letter == "ـ" for letter in plain)


@settings(deadline=None)
@given(arabic)
def test_vowel_signs_and_invisible_characters_never_matter(text: str) -> None:
    assert normalise("".join(f"{letter}\u200f" for letter in text)) == normalise(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sony dsc-w170 camera", ["sony", "dscw170", "camera"]),
        ("blu-ray / dvd", ["blu", "ray", "dvd"]),
        ("iphone15 pro", ["iphone", "15", "pro"]),
        ("windows 7.0 ii", ["windows", "7", "2"]),
        ("usb 2.5", ["usb", "2.5"]),
        ("ecp31.21", ["ecp3121"]),
        ("!!! ... --", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert split(text) == words


def test_articles_go_where_a_word_is_left() -> None:
    assert [bare(word) for word in ("الاسود", "للرجال", "والعطر", "اله", "algebra")] == [
        "اسود",
        "رجال",
        "عطر",
        "اله",
        "algebra",
    ]
