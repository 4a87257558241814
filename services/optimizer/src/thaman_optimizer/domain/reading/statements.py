"""What visible text says of VAT, of stock, of prices told on request, and of things that are not new.

Patterns are made as those of :mod:`~thaman_optimizer.domain.reading.words`.
"""

import re

from thaman_optimizer.domain.reading.letters import folded
from thaman_optimizer.domain.reading.words import any_of

_NET = any_of(
    "غير شامل(?:ة|ه)? (?:ل?ل?ضريبة|ضريبة|الضريبة|القيمة المضافة)(?: القيمة المضافة| المضافة)?; غير شامل; "
    "غير شاملة; لا (?:ي|ت)شمل (?:ضريبة|الضريبة)(?: القيمة المضافة)?; "
    "بدون (?:ضريبة|الضريبة)(?: القيمة المضافة)?; قبل الضريبة; "
    r"excl(?:uding|usive|\.)?(?: of)? ?(?:vat|tax); ex\.? ?vat; vat (?:not included|excluded|exclusive); "
    "before (?:vat|tax); without vat; plus vat; net of vat; tax excluded; not including vat; vat extra; "
    "يضاف (?:ضريبة|الضريبة)"
)
_GROSS = any_of(
    "شامل(?:ة|ه)? (?:ل?ل?ضريبة|ضريبة|الضريبة|القيمة المضافة)(?: القيمة المضافة| المضافة)?; "
    "(?:ي|ت)شمل (?:ضريبة|الضريبة)(?: القيمة المضافة)?; بعد الضريبة; مع الضريبة; "
    r"incl(?:uding|usive|udes|\.)?(?: of)?(?: \d+ ?%)? ?(?:vat|tax(?:es)?); "
    r"vat (?:included|inclusive|incl); inc\.? ?(?:vat|tax); with vat; tax included; including \d+ ?% vat; "
    "شامل القيمة المضافة"
)
_PLUS_VAT = re.compile(r"\+ ?(?:vat|tax|ال?ضريبه)(?!\w)")
TAX = any_of("ضريبة; الضريبة; القيمة المضافة; vat; tax")
"""Words about the tax itself, looked up where what is said of VAT being in a price is taken out."""

_SOLD_OUT = any_of(
    "نفدت الكمية; نفذت الكمية; نفد المخزون; نفذ المخزون; نفد من المخزون; نفذ من المخزون; نفدت; "
    "غير متوفر; غير متوفرة; غير متاح; أعلمني عند التوفر; نبهني عند التوفر; أخبرني عند التوفر; "
    "انتهت الكمية; نفد; سيتوفر قريبا; out of stock; sold out; currently unavailable; not available; "
    "unavailable; notify me when; back ?order; no longer available; discontinued; coming soon; "
    "pre-?order; طلب مسبق; not in stock; 0 in stock; email me when"
)
_THERE = any_of(
    "متوفر; متوفرة; متوفر في المخزون; متاح; في المخزون; in stock; available; available now; "
    r"only \d+ left; كمية محدودة; الكمية محدودة; تبقى; left in stock; ready to ship"
)
_ASK = any_of(
    "السعر عند الطلب; اتصل (?:بنا )?(?:لمعرفة|للاستفسار عن) السعر; اتصل لمعرفة السعر; "
    "تواصل معنا لمعرفة السعر; اطلب عرض سعر; اطلب السعر; call for price; call us for(?: the)? price; "
    "price (?:up)?on request; ask for(?: the)? price; request a quote; contact us for(?: the)? price; "
    "login to see(?: the)? price; سجل الدخول لمعرفة السعر; السعر في السلة; see price in cart"
)
_NOT_NEW = any_of(
    "مستعمل; مستعملة; مستخدم; مستخدمة; مجدد; مجددة; معاد تجديده; استعمال خفيف; شبه جديد; مفتوح العلبة; "
    "refurbished; refurb; renewed; pre-?owned; pre-?loved; second[- ]hand; open[- ]box; ex-?display; "
    "like new"
)
_USED = re.compile(r"\(used\)|\[used\]|^\s*used(?:\s|$)|[-–|]\s*used\s*$")


def with_vat(text: str) -> bool | None:
    """Whether the text says that VAT is in the price; ``None`` where it says nothing.

    Raises:
        ValueError: it says both.
    """
    net = bool(_NET.search(text) or _PLUS_VAT.search(text))
    gross = bool(_GROSS.search(_NET.sub(" ", text)))
    if net and gross:
        raise ValueError("the text says both with and without VAT")
    return gross if net or gross else None


def speaks_of_vat(text: str) -> bool:
    """Whether the text says anything about VAT being in the price."""
    return any(pattern.search(text) for pattern in (_NET, _GROSS, _PLUS_VAT))


def in_stock(text: str) -> bool | None:
    """Whether the text says that the thing is to be had; ``None`` where it says nothing."""
    if _SOLD_OUT.search(text):
        return False
    return True if _THERE.search(text) else None


def asks_to_ask(text: str) -> bool:
    """Whether the text says that the price is told on request."""
    return _ASK.search(text) is not None


def not_new(name: str) -> bool:
    """Whether a product's name says that it is used, renewed or opened."""
    text = folded(name[:400])
    return _NOT_NEW.search(text) is not None or _USED.search(text) is not None


def without_vat_words(text: str) -> str:
    """The text without what it says about VAT, which is no word about an amount."""
    return _PLUS_VAT.sub(" ", _GROSS.sub(" ", _NET.sub(" ", text)))
