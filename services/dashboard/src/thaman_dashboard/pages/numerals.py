"""Numbers as people type and read them: Arabic-Indic digits and separators are read like Latin ones, and written where
somebody wants them."""

import re

_WESTERN = {ord(arabic): str(digit) for digit, arabic in enumerate("٠١٢٣٤٥٦٧٨٩")}
_WESTERN |= {ord(persian): str(digit) for digit, persian in enumerate("۰۱۲۳۴۵۶۷۸۹")}
_WESTERN |= {ord("٫"): ".", ord("٬"): ","}
_PARTED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")


def western(text: str) -> str:
    """The same number in Latin digits, without the commas that part thousands.

    Any other comma stays, so that no reader takes it for a number: whoever writes ``1,5`` does not mean 15.
    """
    plain = text.strip().translate(_WESTERN)
    return plain.replace(",", "") if _PARTED.fullmatch(plain) else plain


_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_POINT = re.compile(r"(?<=[0-9])\.(?=[0-9])")
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3})")
_PERCENT = re.compile(r"(?<=[0-9])%")


def arabic_indic(text: str) -> str:
    """The same text with its numbers in Arabic-Indic digits, with the separators and the percent sign that go with
    them."""
    pointed = _PERCENT.sub("٪", _THOUSANDS.sub("٬", _POINT.sub("٫", text)))
    return pointed.translate(_ARABIC)
