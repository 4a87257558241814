"""Numbers as people type them: Arabic-Indic digits and separators read like Latin ones."""

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
