"""Names and signs of currencies, as pages write them, to ISO 4217 codes."""

import re
from collections.abc import Mapping

from thaman_optimizer.domain.reading.letters import folded

_SEVERAL = ""
"""Instead of a code, for names that several countries call their own currencies by."""

_NAMES: Mapping[str, tuple[str, ...]] = {
    "SAR": (
        "sar", "s.a.r.", "s.a.r", "sr", "s.r.", "s.r", "\u20c1", "ر.س.", "ر.س", "ر. س", "ر س", "﷼",
        "ريال سعودي", "ريالا سعوديا", "ريالات سعودية", "ريال", "ريالا", "ريالات",
        "saudi riyals", "saudi riyal", "riyals", "riyal",
    ),
    "QAR": ("qar", "ر.ق.", "ر.ق", "ريال قطري", "qatari riyal"),
    "OMR": ("omr", "ر.ع.", "ر.ع", "ريال عماني", "omani rial"),
    "YER": ("yer", "ر.ي.", "ر.ي", "ريال يمني"),
    "IRR": ("irr", "ريال ايراني"),
    "AED": ("aed", "dhs", "د.إ.", "د.إ", "درهم اماراتي", "درهم", "dirhams", "dirham"),
    "KWD": ("kwd", "kd", "د.ك.", "د.ك", "دينار كويتي"),
    "BHD": ("bhd", "د.ب.", "د.ب", "دينار بحريني"),
    "JOD": ("jod", "د.أ", "دينار اردني"),
    "IQD": ("iqd", "د.ع", "دينار عراقي"),
    "EGP": ("egp", "ج.م.", "ج.م", "جنيه مصري", "جنيه"),
    "USD": ("us$", "usd", "$", "دولار امريكي", "دولار", "dollars", "dollar"),
    "EUR": ("eur", "€", "يورو", "euros", "euro"),
    "GBP": ("gbp", "£", "جنيه استرليني"),
    "TRY": ("tl", "₺", "ليرة تركية"),
    "INR": ("inr", "₹", "روبية"),
    "CNY": ("cny", "rmb", "يوان"),
    _SEVERAL: ("دينار", "ليرة", "¥", "kr"),
}  # fmt: skip

_CODES = {folded(name): code for code, names in _NAMES.items() for name in names}
_WITHOUT_SPACES = {name.replace(" ", ""): code for name, code in _CODES.items()}
_BARE = frozenset("$€£¥₺₹\u20c1")


def _one(name: str) -> str:
    text = re.escape(name).replace(r"\ ", " ?")
    if name[-1] in _BARE:
        return text
    # A name is a word of its own, or stands right at a number.
    return rf"(?<![^\W\d_]){text}(?![^\W\d_])"


PATTERN = "|".join(_one(name) for name in sorted(_CODES, key=len, reverse=True))
"""A regular expression for any currency in folded text, the longest names first."""

_NAME = re.compile(PATTERN)


def code_of(text: str) -> str | None:
    """The ISO code of one currency name or sign, in any spelling; ``None`` if it is none, or could be of several."""
    name = " ".join(folded(text).split())
    return _CODES.get(name) or _WITHOUT_SPACES.get(name.replace(" ", "")) or None


def named_in(text: str) -> bool:
    """Whether some currency is named anywhere in the text."""
    return _NAME.search(folded(text)) is not None
