"""How amounts, times and other people's words are shown to people, and the project's codes in both languages.

Everything that may run the other way (numbers, names, addresses) stands between Unicode's isolates (FSI and PDI), so
that it cannot pull its neighbours along; what strangers wrote is without characters that nobody sees.
"""

import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from thaman_contracts.money import riyals

RIYADH = timezone(timedelta(hours=3), "Asia/Riyadh")
"""Saudi Arabia has no daylight saving time."""

LONGEST = 200
"""Letters of strangers' words that are shown."""

LONG = 2_000
"""Letters of an address or of a whole reason."""

_FSI, _PDI = "\u2068", "\u2069"
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_JOINERS = frozenset("\u200c\u200d")
"""Letters of Arabic and Persian words are told apart by them; alone they can do no harm."""

Pair = tuple[str, str]
"""The same in Arabic and in English."""

WORDS: Mapping[str, Mapping[str, Pair]] = {
    "risk": {"low": ("منخفض", "low"), "medium": ("متوسط", "medium"), "high": ("مرتفع", "high")},
    "disposition": {
        "write": ("يُكتب دون سؤال", "to be written without asking"),
        "ask": ("يُسأل عنه شخص", "to be asked of a person"),
        "hold": ("يبقى السعر", "to be held"),
    },
    "strategy": {
        "match": ("مطابقة السوق", "match the market"),
        "undercut": ("أقل من السوق", "undercut the market"),
        "premium": ("أعلى من السوق", "stand above the market"),
        "hold": ("تثبيت السعر", "keep the price"),
        "demand": ("الطلب المتعلَّم من المبيعات", "demand learned from sales"),
        "position": ("موقع محدد من أسعار المنافسين", "a set position among rivals' prices"),
        "cost_plus": ("التكلفة مع هامش", "cost plus a mark-up"),
        "fixed": ("سعر ثابت حدده التاجر", "a fixed price set by the merchant"),
        "lock": ("سعر مقفل", "a locked price"),
    },
    "trigger": {
        "schedule": ("في موعده", "by schedule"),
        "sweep": ("بعد قراءة المتجر", "after the store was read"),
        "catch_up": ("بدل موعد فات", "for a time that was missed"),
        "run_now": ("طُلب الآن", "asked for at once"),
    },
    "source": {
        "sweep": ("قراءة المتجر كله", "a reading of the whole store"),
        "webhook": ("إشعار من سلة", "a message from Salla"),
        "read_back": ("قراءة بعد الكتابة", "reading after a write"),
        "before_write": ("قراءة قبل الكتابة", "reading before a write"),
        "answer": ("جواب سلة", "Salla's answer"),
    },
    "state": {
        "due": ("تنتظر الكتابة", "waiting to be written"),
        "writing": ("قيد الكتابة", "being written"),
        "uncertain": ("نتيجتها غير معروفة", "its outcome was not known"),
        "applied": ("تمت وتحققت", "written and read back"),
        "failed": ("تعذّرت", "failed"),
        "stale": ("لم تُكتب لأن الحال تغيّر", "not written, because things had changed"),
    },
    "fitness": {
        "usable": ("صالح", "usable"),
        "stale": ("قديم", "stale"),
        "out_of_stock": ("غير متوفر", "out of stock"),
        "unreadable": ("لا يُقرأ", "unreadable"),
        "no_price": ("بلا سعر", "no price"),
        "foreign_currency": ("بعملة أخرى", "in another currency"),
        "unreachable": ("لم تُجب الصفحة", "the page did not answer"),
        "refused": ("رُفضت القراءة", "reading was refused"),
        "outlier": ("شاذ", "an outlier"),
    },
    "verdict": {"drop": ("نصح الوكلاء باستبعاده", "left out on advice"), "weaken": ("خُفّف وزنه", "weakened on advice")},
    "status": {
        "sale": ("معروض", "on the shelf"),
        "out": ("نفد", "sold out"),
        "hidden": ("مخفي", "hidden"),
        "deleted": ("محذوف", "deleted"),
    },
}
"""Codes in words; one that is not here (a newer version's) is shown as it is."""


def word(kind: str, code: str, language: int) -> str:
    """A code in words: 0 is Arabic, 1 is English."""
    known = WORDS[kind].get(code)
    return shown(code) if known is None else known[language]


def shown(value: object, longest: int = LONGEST) -> str:
    """A number, a name or an address of anybody, kept to itself and harmless."""
    text = unicodedata.normalize("NFC", str(value)[: 4 * longest])
    seen = "".join(" " if letter.isspace() else letter for letter in text if not _is_unseen(letter))
    return f"{_FSI}{' '.join(seen.split())[:longest]}{_PDI}"


def amount(halalas: int) -> str:
    """Riyals with two digits."""
    return shown(riyals(halalas))


def clock(at: datetime) -> str:
    """An instant as Riyadh's clocks show it."""
    return shown(at.astimezone(RIYADH).strftime("%Y-%m-%d %H:%M:%S"))


def percent(bp: int) -> str:
    """A share in whole percent, rounded down."""
    return shown(f"{bp // 100}%")


def _is_unseen(letter: str) -> bool:
    return unicodedata.category(letter) in _UNSEEN and not letter.isspace() and letter not in _JOINERS
